package io.rawcow.chart;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonElement;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.KubernetesResource;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import java.lang.reflect.Field;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Modifier;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Kubernetes' objects as two projects generate them from its API description. Both refuse a field that they do not
 * know: the official Java client by its own check, which stops at the first finding and knows no Prometheus operator;
 * the model of fabric8 by what was left over after everything else had found its place.
 */
final class KubernetesModels {
    private static final String OFFICIAL = "io.kubernetes.client.openapi.models.";
    private static final String MODEL = "io.fabric8.";
    private static final String OPERATOR = "monitoring.coreos.com/";
    private static final KubernetesSerialization FABRIC8 = new KubernetesSerialization();
    private static final Gson GSON = new GsonBuilder().serializeNulls().create();

    private KubernetesModels() {}

    /** What is wrong with an object; nothing if it would be taken. */
    static List<String> problems(Map<String, Object> object) {
        List<String> found = new ArrayList<>();
        String apiVersion = String.valueOf(object.get("apiVersion"));
        if (!apiVersion.startsWith(OPERATOR)) {
            official(apiVersion, String.valueOf(object.get("kind")), GSON.toJsonTree(object), found);
        }
        fabric8(GSON.toJson(object), found);
        return found;
    }

    /** An object as a class of its own. */
    static <T extends KubernetesResource> T as(Class<T> type, Map<String, Object> object) {
        return FABRIC8.unmarshal(GSON.toJson(object), type);
    }

    private static void official(String apiVersion, String kind, JsonElement object, List<String> found) {
        String version = apiVersion.substring(apiVersion.indexOf('/') + 1);
        String name = OFFICIAL + version.substring(0, 1).toUpperCase(Locale.ROOT) + version.substring(1) + kind;
        try {
            Class.forName(name)
                    .getMethod("validateJsonElement", JsonElement.class)
                    .invoke(null, object);
        } catch (InvocationTargetException e) {
            found.add("official: " + e.getCause().getMessage());
        } catch (ReflectiveOperationException e) {
            found.add("official: there is no " + apiVersion + " " + kind + ": " + e);
        }
    }

    private static void fabric8(String json, List<String> found) {
        try {
            Object object = FABRIC8.unmarshal(json);
            if (object instanceof GenericKubernetesResource unknown) {
                found.add("fabric8: there is no " + unknown.getApiVersion() + " " + unknown.getKind());
            }
            leftOver("", object, found);
        } catch (KubernetesClientException e) {
            found.add("fabric8: " + e.getCause());
        } catch (ReflectiveOperationException e) {
            throw new LinkageError("cannot look into the model", e);
        }
    }

    private static void leftOver(String path, Object value, List<String> found) throws ReflectiveOperationException {
        if (value instanceof Collection<?> items) {
            for (Object item : items) {
                leftOver(path + "[]", item, found);
            }
        } else if (value instanceof Map<?, ?> map) {
            for (Map.Entry<?, ?> entry : map.entrySet()) {
                leftOver(path + "." + entry.getKey(), entry.getValue(), found);
            }
        } else if (value != null
                && !value.getClass().isEnum()
                && value.getClass().getName().startsWith(MODEL)) {
            fieldsLeftOver(path, value, found);
        }
    }

    private static void fieldsLeftOver(String path, Object value, List<String> found)
            throws ReflectiveOperationException {
        for (Class<?> type = value.getClass(); type != Object.class; type = type.getSuperclass()) {
            for (Field field : type.getDeclaredFields()) {
                if (Modifier.isStatic(field.getModifiers())) {
                    continue;
                }
                field.setAccessible(true);
                Object held = field.get(value);
                if (!field.getName().equals("additionalProperties")) {
                    leftOver(path + "." + field.getName(), held, found);
                } else if (held instanceof Map<?, ?> unknown && !unknown.isEmpty()) {
                    found.add("fabric8: unknown at " + path + ": " + unknown.keySet());
                }
            }
        }
    }
}
