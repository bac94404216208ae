{{/* The file that --config names, and what it takes from Secrets. Without nbd.workers: the image has that in its
     environment, which goes before any file, so it is the container's environment that states it. What is empty is left to the service,
     which takes parts of the container's memory limit. */}}
{{- define "rawcow.config" -}}
{{- $nbd := dict
      "connections" .Values.nbd.connections
      "handshake-timeout" .Values.nbd.handshakeTimeout
      "stall-timeout" .Values.nbd.stallTimeout
      "tls" (include "rawcow.config.tls" (dict "tls" .Values.nbd.tls "folder" "nbd-tls") | fromYaml) }}
{{- $_ := set $nbd.tls "mode" .Values.nbd.tls.mode }}
{{- with .Values.nbd.buffers }}
{{- $_ := set $nbd "buffers" . }}
{{- end }}
{{- with .Values.nbd.tls.allowedSubjects }}
{{- $_ := set $nbd.tls "allowed-subjects" . }}
{{- end }}
{{- $images := dict }}
{{- range $name, $image := .Values.images }}
{{- $_ := set $images (printf "[%s]" $name) $image }}
{{- end }}
{{- $all := dict
      "nbd" $nbd
      "streams" (ternary .Values.streams (omit .Values.streams "buffers") (not (empty .Values.streams.buffers)))
      "limits" .Values.limits
      "images" $images }}
{{- with .Values.storage.live.megabytes }}
{{- $_ := set $all "live" (dict "budget" (printf "%dMB" (int .))) }}
{{- end }}
{{- $all = merge $all (include "rawcow.config.access" . | fromYaml) }}
{{- toYaml (dict "rawcow" $all) }}
{{- end }}

{{/* Certificates as the service names them. Takes "tls", the values, and "folder", where the Secret's files are. */}}
{{- define "rawcow.config.tls" -}}
{{- if .tls.existingSecret }}
certificate: /etc/rawcow/{{ .folder }}/{{ .tls.certificateKey }}
key: /etc/rawcow/{{ .folder }}/{{ .tls.keyKey }}
{{- with .tls.clientCaKey }}
client-ca: /etc/rawcow/{{ $.folder }}/{{ . }}
{{- end }}
{{- end }}
{{- end }}

{{/* Who may use the REST interface, over what, and who is told of events. */}}
{{- define "rawcow.config.access" -}}
{{- $parts := dict }}
{{- if .Values.rest.tls.existingSecret }}
{{- $_ := set $parts "tls" (include "rawcow.config.tls" (dict "tls" .Values.rest.tls "folder" "tls") | fromYaml) }}
{{- end }}
{{- $access := dict }}
{{- if .Values.access.tokens }}
{{- $tokens := dict }}
{{- range $name, $token := .Values.access.tokens }}
{{- $_ := set $tokens (printf "[%s]" $name) (dict "file" (printf "/etc/rawcow/tokens/%s" $name) "role" $token.role) }}
{{- end }}
{{- $_ := set $access "tokens" $tokens }}
{{- end }}
{{- if .Values.access.subjects }}
{{- $subjects := dict }}
{{- range $name, $subject := .Values.access.subjects }}
{{- $_ := set $subjects (printf "[%s]" $name) $subject }}
{{- end }}
{{- $_ := set $access "subjects" $subjects }}
{{- end }}
{{- if $access }}
{{- $_ := set $parts "access" $access }}
{{- end }}
{{- if .Values.webhooks.endpoints }}
{{- $hooks := dict }}
{{- range $name, $hook := .Values.webhooks.endpoints }}
{{- $_ := set $hooks (printf "[%s]" $name) (dict "url" $hook.url "secret-file" (printf "/etc/rawcow/webhooks/%s" $name)) }}
{{- end }}
{{- $_ := set $parts "webhooks" $hooks }}
{{- end }}
{{- toYaml $parts }}
{{- end }}

{{/* All of it as one folder: nothing is mounted inside of another mount. */}}
{{- define "rawcow.configVolume" -}}
name: rawcow-config
projected:
  # 0440
  defaultMode: 288
  sources:
    - configMap:
        name: {{ include "rawcow.fullname" . }}
        items:
          - key: rawcow.yaml
            path: rawcow.yaml
    {{- with include "rawcow.configVolume.tls" (dict "tls" .Values.rest.tls "folder" "tls") }}
    {{- . | trim | nindent 4 }}
    {{- end }}
    {{- with include "rawcow.configVolume.tls" (dict "tls" .Values.nbd.tls "folder" "nbd-tls") }}
    {{- . | trim | nindent 4 }}
    {{- end }}
    {{- if .Values.access.tokens }}
    - secret:
        name: {{ .Values.access.existingSecret }}
        items:
          {{- range $name, $token := .Values.access.tokens }}
          - key: {{ $token.key | quote }}
            path: tokens/{{ $name }}
          {{- end }}
    {{- end }}
    {{- if .Values.webhooks.endpoints }}
    - secret:
        name: {{ .Values.webhooks.existingSecret }}
        items:
          {{- range $name, $hook := .Values.webhooks.endpoints }}
          - key: {{ $hook.key | quote }}
            path: webhooks/{{ $name }}
          {{- end }}
    {{- end }}
{{- end }}

{{- define "rawcow.configVolume.tls" -}}
{{- if .tls.existingSecret }}
- secret:
    name: {{ .tls.existingSecret }}
    items:
      {{- range compact (list .tls.certificateKey .tls.keyKey .tls.clientCaKey) }}
      - key: {{ . | quote }}
        path: {{ $.folder }}/{{ . }}
      {{- end }}
{{- end }}
{{- end }}
