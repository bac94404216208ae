package io.rawcow;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import java.util.Comparator;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Who may know whom. A new package starts as a line of {@link #LEVELS}. */
class LayeringTest {
    private static final String ROOT = "io.rawcow";

    private static final Map<String, Integer> LEVELS = Map.ofEntries(
            Map.entry(ROOT, 9),
            Map.entry(ROOT + ".api", 8),
            Map.entry(ROOT + ".web", 8),
            Map.entry(ROOT + ".cli", 8),
            Map.entry(ROOT + ".webhook", 8),
            Map.entry(ROOT + ".metrics", 8),
            Map.entry(ROOT + ".security", 8),
            Map.entry(ROOT + ".catalog", 7),
            Map.entry(ROOT + ".stream", 6),
            Map.entry(ROOT + ".nbd.server", 6),
            Map.entry(ROOT + ".image", 5),
            Map.entry(ROOT + ".format", 4),
            Map.entry(ROOT + ".backing", 4),
            Map.entry(ROOT + ".nbd", 3),
            Map.entry(ROOT + ".block", 2),
            Map.entry(ROOT + ".posix", 1));

    private static JavaClasses program;

    @BeforeAll
    static void readTheProgram() {
        // By location, not by package: test classes share the packages but not the rules.
        var location = RawCow.class.getProtectionDomain().getCodeSource().getLocation();
        program = new ClassFileImporter().importUrl(location);
    }

    @Test
    void everyPackageHasALevel() {
        classes().should(haveALevel()).check(program);
    }

    @Test
    void importsPointDownwardAndSiblingsNeverMeet() {
        classes().should(dependOnlyOnLowerLevels()).check(program);
    }

    @Test
    void nbdServerServesAnyDeviceAndDoesNotKnowImages() {
        noClasses()
                .that()
                .resideInAPackage(ROOT + ".nbd.server..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage(ROOT + ".image..")
                .allowEmptyShould(true)
                .check(program);
    }

    @Test
    void onlyPosixCallsIntoTheSystem() {
        noClasses()
                .that()
                .resideOutsideOfPackage(ROOT + ".posix..")
                .should()
                .dependOnClassesThat(named("java.lang.foreign.Linker")
                        .or(named("java.lang.foreign.FunctionDescriptor"))
                        .or(named("java.lang.foreign.SymbolLookup")))
                .check(program);
    }

    @Test
    void frameworksLiveAtTheTop() {
        noClasses()
                .that(areBelow(8))
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        "org.springframework..", "jakarta..", "picocli..", "io.micrometer..", "io.prometheus..")
                .allowEmptyShould(true)
                .check(program);
    }

    @Test
    void onlyMetricsKnowPrometheus() {
        noClasses()
                .that()
                .resideOutsideOfPackage(ROOT + ".metrics..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("io.micrometer..", "io.prometheus..")
                .check(program);
    }

    @Test
    void jsonIsBoundToObjectsFromTheCatalogUpAndOnlyStreamedInFormat() {
        noClasses()
                .that(areBelow(7))
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("tools.jackson.databind..", "com.fasterxml.jackson..")
                .allowEmptyShould(true)
                .check(program);
        noClasses()
                .that(areBelow(7))
                .and()
                .resideOutsideOfPackage(ROOT + ".format..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("tools.jackson..")
                .allowEmptyShould(true)
                .check(program);
    }

    private static ArchCondition<JavaClass> haveALevel() {
        return new ArchCondition<>("be in a package of the table of levels") {
            @Override
            public void check(JavaClass item, ConditionEvents events) {
                // A subpackage shares the level of its parent; a child of the root must be listed.
                boolean listed = layerOf(item)
                        .filter(layer -> !layer.equals(ROOT) || isRoot(item))
                        .isPresent();
                events.add(new SimpleConditionEvent(item, listed, item.getName() + " is in no level"));
            }
        };
    }

    private static ArchCondition<JavaClass> dependOnlyOnLowerLevels() {
        return new ArchCondition<>("depend only on its own package and on lower levels") {
            @Override
            public void check(JavaClass item, ConditionEvents events) {
                String from = layerOf(item).orElseThrow();
                for (var dependency : item.getDirectDependenciesFromSelf()) {
                    Optional<String> to = layerOf(dependency.getTargetClass());
                    boolean fine = to.isEmpty() || to.get().equals(from) || LEVELS.get(to.get()) < LEVELS.get(from);
                    events.add(new SimpleConditionEvent(item, fine, dependency.getDescription()));
                }
            }
        };
    }

    private static DescribedPredicate<JavaClass> areBelow(int level) {
        return DescribedPredicate.describe(
                "are below level " + level,
                item -> layerOf(item)
                        .map(LEVELS::get)
                        .filter(own -> own < level)
                        .isPresent());
    }

    private static DescribedPredicate<JavaClass> named(String name) {
        return DescribedPredicate.describe(name, item -> item.getName().startsWith(name));
    }

    /** The longest listed package that holds the class: nbd.server before nbd. */
    private static Optional<String> layerOf(JavaClass item) {
        String name = item.getPackageName() + ".";
        return LEVELS.keySet().stream()
                .filter(layer -> name.startsWith(layer + "."))
                .max(Comparator.comparingInt(String::length));
    }

    private static boolean isRoot(JavaClass item) {
        return item.getPackageName().equals(ROOT);
    }
}
