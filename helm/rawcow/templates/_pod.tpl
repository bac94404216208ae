{{/* The rawcow container, alike in every mode. Takes the root of this chart. */}}
{{- define "rawcow.container" -}}
{{- $sidecar := eq .Values.mode "sidecar" -}}
name: rawcow
image: {{ include "rawcow.image" . | quote }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
{{- with .Values.java.heap }}
# The image's own with another heap: of two -Xmx Java takes the last, and options from the environment come first.
command:
  - java
  - "@/opt/rawcow/jvm.options"
  - -Xmx{{ . }}
  - -XX:AOTCache=/opt/rawcow/rawcow.aot
  - -jar
  - /opt/rawcow/rawcow.jar
{{- end }}
args:
  - serve
  - --data
  - /data
  {{- if include "rawcow.hasGolden" . }}
  - --data-ro
  - /golden
  {{- end }}
  # A folder of its own in there: the mount itself belongs to root.
  - --live
  - /live/rawcow
  - --listen
  - {{ printf "%s:%d" (ternary "0.0.0.0" "127.0.0.1" .Values.rest.exposed) (int .Values.rest.port) | quote }}
  - --management
  - {{ printf "0.0.0.0:%d" (int .Values.management.port) | quote }}
  - --nbd
  {{- if .Values.nbd.exposed }}
  - {{ printf "0.0.0.0:%d" (int .Values.nbd.port) | quote }}
  {{- else if $sidecar }}
  - none
  {{- else }}
  - {{ printf "127.0.0.1:%d" (int .Values.nbd.port) | quote }}
  {{- end }}
  {{- if include "rawcow.hasSocket" . }}
  - --nbd-socket
  - /run/rawcow/nbd.sock
  - --nbd-socket-mode
  - {{ .Values.nbd.socketMode | quote }}
  {{- end }}
  - --config
  - /etc/rawcow/rawcow.yaml
env:
  # The image has it too; the environment goes before the file of --config.
  - name: RAWCOW_NBD_WORKERS
    value: {{ .Values.nbd.workers | toString | quote }}
  {{- if .Values.nbd.exposed }}
  - name: POD_NAME
    valueFrom:
      fieldRef:
        fieldPath: metadata.name
  - name: RAWCOW_NBD_ADVERTISE
    value: {{ include "rawcow.advertise" . | quote }}
  {{- end }}
  {{- range $name, $value := .Values.env }}
  - name: {{ $name }}
    value: {{ $value | quote }}
  {{- end }}
ports:
  - name: management
    containerPort: {{ .Values.management.port }}
  {{- if .Values.rest.exposed }}
  - name: rest
    containerPort: {{ .Values.rest.port }}
  {{- end }}
  {{- if .Values.nbd.exposed }}
  - name: nbd
    containerPort: {{ .Values.nbd.port }}
  {{- end }}
{{- with .Values.probes }}
# Of a sidecar it holds the guest back until every declared image is open and offered.
startupProbe:
  httpGet:
    path: /actuator/health/{{ ternary "readiness" "liveness" $sidecar }}
    port: management
  periodSeconds: {{ .startup.periodSeconds }}
  failureThreshold: {{ .startup.failureThreshold }}
  timeoutSeconds: 2
readinessProbe:
  httpGet:
    path: /actuator/health/readiness
    port: management
  periodSeconds: {{ .readiness.periodSeconds }}
  failureThreshold: {{ .readiness.failureThreshold }}
  timeoutSeconds: 2
# The process alone: no backing and no disk has a part in it, since another start would mend neither.
livenessProbe:
  httpGet:
    path: /actuator/health/liveness
    port: management
  periodSeconds: {{ .liveness.periodSeconds }}
  failureThreshold: {{ .liveness.failureThreshold }}
  timeoutSeconds: 5
{{- end }}
{{ include "rawcow.resources" .Values.resources }}
{{ include "rawcow.containerSecurity" . }}
volumeMounts:
  - name: rawcow-config
    mountPath: /etc/rawcow
    readOnly: true
  - name: rawcow-data
    mountPath: /data
  {{- if include "rawcow.hasGolden" . }}
  - name: rawcow-golden
    mountPath: /golden
    readOnly: true
  {{- end }}
  - name: rawcow-live
    mountPath: /live
  {{- if include "rawcow.hasSocket" . }}
  - name: rawcow-socket
    mountPath: /run/rawcow
  {{- end }}
  - name: rawcow-tmp
    mountPath: /tmp
{{- end }}

{{- define "rawcow.hasGolden" -}}
{{- if eq .Values.mode "daemonset" }}
{{- if .Values.daemonset.goldenPath }}yes{{ end }}
{{- else if .Values.storage.golden.existingClaim }}yes{{ end }}
{{- end }}

{{- define "rawcow.hasSocket" -}}
{{- if has .Values.mode (list "sidecar" "daemonset") }}yes{{ end }}
{{- end }}

{{/* Every quantity in quotes: a server that applies them refuses numbers. */}}
{{- define "rawcow.resources" -}}
resources:
  {{- range $kind := list "requests" "limits" }}
  {{- with get $ $kind }}
  {{ $kind }}:
    {{- range $name, $quantity := . }}
    {{ $name }}: {{ $quantity | toString | quote }}
    {{- end }}
  {{- end }}
  {{- end }}
{{- end }}

{{- define "rawcow.containerSecurity" -}}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  runAsNonRoot: true
  capabilities:
    drop: [ALL]
  seccompProfile:
    type: RuntimeDefault
{{- end }}

{{- define "rawcow.podSecurity" -}}
securityContext:
  runAsNonRoot: true
  runAsUser: {{ int64 .Values.podSecurity.runAsUser }}
  runAsGroup: {{ int64 .Values.podSecurity.runAsGroup }}
  fsGroup: {{ int64 .Values.podSecurity.fsGroup }}
  # Once: files that the service made keep their modes.
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile:
    type: RuntimeDefault
{{- end }}

{{/* What is alike in all volumes: a list. */}}
{{- define "rawcow.volumes.common" -}}
- {{ include "rawcow.configVolume" . | nindent 2 | trim }}
- name: rawcow-tmp
  emptyDir:
    sizeLimit: 64Mi
{{- end }}

{{- define "rawcow.volumes.live" -}}
- name: rawcow-live
  {{- if .Values.storage.live.megabytes }}
  emptyDir:
    medium: Memory
    # More than the service's budget: a pod that goes over it is evicted.
    sizeLimit: {{ printf "%dMi" (add (int .Values.storage.live.megabytes) 16) }}
  {{- else }}
  # Bounded by the memory limits of the pod; the service takes a quarter of its own.
  emptyDir:
    medium: Memory
  {{- end }}
{{- end }}

{{- define "rawcow.volumes.golden" -}}
{{- with .Values.storage.golden.existingClaim }}
- name: rawcow-golden
  persistentVolumeClaim:
    claimName: {{ . }}
    readOnly: true
{{- end }}
{{- end }}

{{- define "rawcow.claimSpec" -}}
{{- with .Values.storage.data -}}
accessModes:
  {{- toYaml .accessModes | nindent 2 }}
{{- with .storageClass }}
storageClassName: {{ . }}
{{- end }}
resources:
  requests:
    storage: {{ .size | quote }}
{{- end }}
{{- end }}

{{/* Who a pod is. No variables for Services: one named rawcow would set what the service reads as settings. */}}
{{- define "rawcow.account" -}}
serviceAccountName: {{ include "rawcow.serviceAccountName" . }}
automountServiceAccountToken: false
enableServiceLinks: false
{{- with .Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- end }}

{{/* Where a pod may run, and who it is. */}}
{{- define "rawcow.placement" -}}
{{ include "rawcow.account" . }}
terminationGracePeriodSeconds: {{ .Values.terminationGracePeriodSeconds }}
{{- with .Values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* A new configuration is a new pod: the service reads it at its start. */}}
{{- define "rawcow.configAnnotation" -}}
rawcow.io/config: {{ include "rawcow.config" . | sha256sum | trunc 16 | quote }}
{{- end }}

{{- define "rawcow.podAnnotations" -}}
{{ include "rawcow.configAnnotation" . }}
{{- with .Values.podAnnotations }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* Folders of the node. They have to be there: one that the kubelet makes belongs to root. */}}
{{- define "rawcow.volumes.node" -}}
{{- with .Values.daemonset -}}
- name: rawcow-data
  hostPath:
    path: {{ .dataPath }}
    type: Directory
{{- with .goldenPath }}
- name: rawcow-golden
  hostPath:
    path: {{ . }}
    type: Directory
{{- end }}
- name: rawcow-socket
  hostPath:
    path: {{ .socketPath }}
    type: Directory
{{- if .livePath }}
- name: rawcow-live
  hostPath:
    path: {{ .livePath }}
    type: Directory
{{- else }}
{{ include "rawcow.volumes.live" $ }}
{{- end }}
{{- end }}
{{- end }}
