package io.rawcow.api;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.rawcow.catalog.EventLog;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.lang.reflect.Proxy;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class EventsControllerTest {

    /** Answers null to everything, but for one method that throws. */
    private static <T> T fake(Class<T> type, String throwing) {
        Object made = Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, (_, method, _) -> {
            if (method.getName().equals(throwing)) {
                throw new IllegalStateException("not now");
            }
            return method.getName().equals("getMethod") ? "GET" : null;
        });
        return type.cast(made);
    }

    @Test
    void listenerThatCannotBeServedTakesNoPlace() {
        var controller = new EventsController(
                new EventLog(java.time.InstantSource.system()),
                new Closing(),
                new ApiSettings(1, 1, Duration.ofSeconds(1), null));
        HttpServletRequest request = fake(HttpServletRequest.class, "startAsync");
        HttpServletResponse response = fake(HttpServletResponse.class, "");

        for (int i = 0; i < 3; i++) {
            assertThatThrownBy(() -> controller.follow(null, request, response)).hasMessage("not now");
        }
    }
}
