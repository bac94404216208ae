{{/*
For the pods of other charts, with `mode: sidecar`. All of these take the root of this chart, which is
`.Subcharts.rawcow` in a chart that depends on it:

  metadata:
    labels:
      {{- include "rawcow.sidecar.labels" .Subcharts.rawcow | nindent 6 }}
    annotations:                     without them a new configuration would wait for a pod that is replaced by chance
      {{- include "rawcow.sidecar.annotations" .Subcharts.rawcow | nindent 6 }}
  spec:
    {{- include "rawcow.sidecar.account" .Subcharts.rawcow | nindent 4 }}
    {{- include "rawcow.podSecurity" .Subcharts.rawcow | nindent 4 }}   or fsGroup alone, for the socket's group
    initContainers:
      {{- include "rawcow.sidecar" .Subcharts.rawcow | nindent 6 }}
    containers:
      - name: guest
        volumeMounts:
          {{- include "rawcow.sidecar.guestMounts" .Subcharts.rawcow | nindent 10 }}
    volumes:
      {{- include "rawcow.sidecar.volumes" .Subcharts.rawcow | nindent 6 }}
      - name: rawcow-data            a claim of this pod's own
*/}}

{{/* An item of initContainers: it starts before the containers, and stays until they have ended. */}}
{{- define "rawcow.sidecar" -}}
{{- if ne .Values.mode "sidecar" }}
{{- fail (printf "rawcow: rawcow.sidecar is included, but mode is %s: set it to sidecar." .Values.mode) }}
{{- end }}
{{- include "rawcow.check" . -}}
- {{ include "rawcow.container" . | nindent 2 | trim }}
  restartPolicy: Always
{{- end }}

{{/* All of its volumes but rawcow-data, which every pod needs one of its own for. */}}
{{- define "rawcow.sidecar.volumes" -}}
{{ include "rawcow.volumes.common" . }}
{{ include "rawcow.volumes.live" . }}
- name: rawcow-socket
  emptyDir:
    sizeLimit: 1Mi
{{- with include "rawcow.volumes.golden" . }}
{{ . | trim }}
{{- end }}
{{- end }}

{{/* What the guest gets to see of it: the folder with nbd.sock. Neither /data nor /golden. */}}
{{- define "rawcow.sidecar.guestMounts" -}}
- name: rawcow-socket
  mountPath: /run/rawcow
{{- end }}

{{- define "rawcow.sidecar.labels" -}}
{{ include "rawcow.selector" . }}
{{- end }}

{{- define "rawcow.sidecar.annotations" -}}
{{ include "rawcow.configAnnotation" . }}
{{- end }}

{{/* The ServiceAccount of this chart without its token, no variables for Services, and pull secrets. */}}
{{- define "rawcow.sidecar.account" -}}
{{ include "rawcow.account" . }}
{{- end }}
