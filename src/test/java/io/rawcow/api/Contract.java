package io.rawcow.api;

import com.atlassian.oai.validator.OpenApiInteractionValidator;
import com.atlassian.oai.validator.model.Request;
import com.atlassian.oai.validator.model.SimpleRequest;
import com.atlassian.oai.validator.model.SimpleResponse;
import com.atlassian.oai.validator.report.MessageResolver;
import com.atlassian.oai.validator.report.ValidationReport;
import com.atlassian.oai.validator.schema.SchemaValidator;
import io.swagger.v3.oas.models.OpenAPI;
import io.swagger.v3.parser.OpenAPIV3Parser;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.regex.Pattern;
import org.yaml.snakeyaml.Yaml;

/** {@code openapi.yaml}: what it says, whether an exchange keeps to it, and how much of it was exercised. */
final class Contract {
    private static final Path FILE = Path.of("openapi.yaml");
    private static final Set<String> METHODS = Set.of("get", "put", "post", "patch", "delete");
    private static final Set<String> EXERCISED = new ConcurrentSkipListSet<>();
    private static final Set<String> TESTED_BY = new ConcurrentSkipListSet<>();

    private static final Map<String, Object> DOCUMENT = read();
    private static final OpenAPI API = new OpenAPIV3Parser().read(FILE.toString());
    private static final SchemaValidator SCHEMAS = new SchemaValidator(API, new MessageResolver());
    private static final OpenApiInteractionValidator VALIDATOR =
            OpenApiInteractionValidator.createFor(FILE.toString()).build();

    private Contract() {}

    private static Map<String, Object> read() {
        try {
            return new Yaml().load(Files.readString(FILE));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** @return what the exchange does wrong, empty if nothing */
    static String check(SimpleRequest request, boolean requestToo, Answer answer) {
        var response = SimpleResponse.Builder.status(answer.status());
        answer.headers().map().forEach(response::withHeader);
        if (!answer.body().isEmpty()) {
            response.withBody(answer.body());
        }
        ValidationReport report = VALIDATOR.validateResponse(request.getPath(), request.getMethod(), response.build());
        if (requestToo) {
            report = report.merge(VALIDATOR.validateRequest(request));
        }
        StackWalker.getInstance()
                .walk(frames -> frames.map(StackWalker.StackFrame::getClassName)
                        .filter(name -> name.endsWith("IT"))
                        .map(name -> name.substring(name.lastIndexOf('.') + 1))
                        .findFirst())
                .ifPresent(TESTED_BY::add);
        EXERCISED.add(operationOf(request.getMethod(), request.getPath()) + " " + answer.status());
        return report.hasErrors() ? report.getMessages().toString() : "";
    }

    /** Holds an answer to a method that a path does not take to every operation of that path. */
    static String checkNotAllowed(String path, Answer answer) {
        var messages = new StringBuilder();
        for (String method : METHODS) {
            Request.Method each = Request.Method.valueOf(method.toUpperCase(Locale.ROOT));
            if (!operationOf(each, path).equals("none")) {
                var request = new SimpleRequest.Builder(each, path).build();
                messages.append(check(request, false, answer));
            }
        }
        return messages.toString();
    }

    /** @return what is wrong with an event's data, empty if nothing */
    static String checkEvent(String kind, String data) {
        String schema = Character.toUpperCase(kind.charAt(0)) + kind.substring(1) + "Event";
        EXERCISED.add("streamEvents 200");
        ValidationReport report =
                SCHEMAS.validate(data, API.getComponents().getSchemas().get(schema), "event");
        return report.hasErrors() ? report.getMessages().toString() : "";
    }

    private static String operationOf(Request.Method method, String path) {
        return map(DOCUMENT, "paths").keySet().stream()
                .filter(template -> pattern(template).matcher(path).matches())
                .map(template -> map(map(DOCUMENT, "paths"), template))
                .filter(item -> item.containsKey(method.name().toLowerCase(Locale.ROOT)))
                .map(item -> map(item, method.name().toLowerCase(Locale.ROOT)))
                .map(operation -> (String) operation.get("operationId"))
                .findFirst()
                .orElse("none");
    }

    private static Pattern pattern(String template) {
        return Pattern.compile(template.replaceAll("\\{[a-z]+}", "[^/]+"));
    }

    /** Every operation with every status it may answer, as {@code putImage 201}. */
    static Set<String> documented() {
        var all = new TreeSet<String>();
        map(DOCUMENT, "paths").keySet().forEach(path -> {
            Map<String, Object> item = map(map(DOCUMENT, "paths"), path);
            item.keySet().stream().filter(METHODS::contains).forEach(method -> {
                Map<String, Object> operation = map(item, method);
                map(operation, "responses")
                        .keySet()
                        .forEach(status -> all.add(operation.get("operationId") + " " + status));
            });
        });
        return all;
    }

    /** An operation of the document. */
    record Operation(String id, String method, String path) {}

    static List<Operation> operations() {
        var all = new ArrayList<Operation>();
        map(DOCUMENT, "paths").keySet().forEach(path -> {
            Map<String, Object> item = map(map(DOCUMENT, "paths"), path);
            item.keySet().stream()
                    .filter(METHODS::contains)
                    .map(method -> new Operation(
                            (String) map(item, method).get("operationId"), method.toUpperCase(Locale.ROOT), path))
                    .forEach(all::add);
        });
        return all;
    }

    /** The test classes that have sent requests. */
    static Set<String> testedBy() {
        return TESTED_BY;
    }

    static Set<String> exercised() {
        return EXERCISED;
    }

    /** The words of an enum schema. */
    @SuppressWarnings("unchecked")
    static List<String> words(String schema) {
        return (List<String>)
                map(map(map(DOCUMENT, "components"), "schemas"), schema).get("enum");
    }

    @SuppressWarnings("unchecked")
    private static Map<String, Object> map(Map<String, Object> parent, String name) {
        return (Map<String, Object>) parent.get(name);
    }
}
