package io.rawcow.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;

/** Every operation of {@code openapi.yaml}, with every status it may answer, was seen by the tests before this one. */
@Order(Integer.MAX_VALUE)
class ContractIT {

    private static final Set<String> ALL = Set.of(
            "ActivityIT",
            "AuthorisationIT",
            "DeclaredIT",
            "EventsIT",
            "ExportsIT",
            "JobVerbsIT",
            "LifeIT",
            "ListsIT",
            "MalformedIT",
            "PathsIT",
            "RepeatsIT",
            "RestartIT",
            "WebhooksIT");

    /** What the service answers as a whole, whatever the operation: seen where it can be brought about. */
    private static final Set<String> UNAVAILABLE =
            Set.of("getJob 503", "streamEvents 503", "getHealth 503", "getReadiness 503");

    /** A fault of the disk or of our code, a full file system, the moment in which a stop begins. */
    private static boolean isOutOfReach(String answer) {
        return answer.endsWith(" 500")
                || answer.endsWith(" 507")
                || (answer.endsWith(" 503") && !UNAVAILABLE.contains(answer));
    }

    @Test
    void everyAnswerOfTheContractWasSeen() {
        var missing = new TreeSet<>(Contract.documented());
        assumeTrue(Contract.testedBy().containsAll(ALL), "only with all the other tests of this interface");
        missing.removeAll(Contract.exercised());
        missing.removeIf(ContractIT::isOutOfReach);

        assertThat(missing).isEmpty();
    }

    @Test
    void nothingElseWasAnswered() {
        var undocumented = new TreeSet<>(Contract.exercised());
        undocumented.removeAll(Contract.documented());

        assertThat(undocumented).isEmpty();
    }
}
