package io.rawcow.api;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.http.HttpHeaders;
import tools.jackson.databind.JsonNode;

/** What the service answered. */
record Answer(int status, HttpHeaders headers, String body) {

    JsonNode json() {
        return ApiJson.MAPPER.readTree(body);
    }

    /** A field as text, {@code null} as the word. */
    String get(String field) {
        return json().path(field).asString();
    }

    String header(String name) {
        return headers.firstValue(name).orElse("");
    }

    Answer expect(int wanted) {
        assertThat(status).as(body).isEqualTo(wanted);
        return this;
    }

    /** It is a problem of this code, in the one shape that problems have. */
    Answer problem(int wanted, String code) {
        expect(wanted);
        assertThat(header("Content-Type")).as(body).startsWith("application/problem+json");
        assertThat(get("code")).as(body).isEqualTo(code);
        assertThat(get("type")).isEqualTo("urn:rawcow:problem:" + code);
        assertThat(json().path("status").asInt()).isEqualTo(wanted);
        assertThat(json().has("instance")).isFalse();
        assertThat(body).doesNotContain("io.rawcow", "springframework", "<html");
        return this;
    }
}
