{{/* All of these take the root of this chart: `.` here, `.Subcharts.rawcow` in a chart that depends on it. */}}

{{- define "rawcow.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/* 50, so that what is added to it still makes a name of 63. */}}
{{- define "rawcow.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 50 | trimSuffix "-" }}
{{- else if contains (include "rawcow.name" .) .Release.Name }}
{{- .Release.Name | trunc 50 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name (include "rawcow.name" .) | trunc 50 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{/* The one label that Services, policies and workloads select by. A pod with the sidecar has to carry it. */}}
{{- define "rawcow.selector" -}}
rawcow.io/instance: {{ include "rawcow.fullname" . }}
{{- end }}

{{- define "rawcow.labels" -}}
app.kubernetes.io/name: {{ include "rawcow.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end }}

{{- define "rawcow.podLabels" -}}
app.kubernetes.io/name: {{ include "rawcow.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{ include "rawcow.selector" . }}
{{- with .Values.podLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "rawcow.image" -}}
{{- with .Values.image }}
{{- if .digest }}
{{- printf "%s@%s" .repository .digest }}
{{- else }}
{{- printf "%s:%s" .repository (default $.Chart.AppVersion .tag) }}
{{- end }}
{{- end }}
{{- end }}

{{- define "rawcow.serviceAccountName" -}}
{{- if .Values.serviceAccount.create }}
{{- default (include "rawcow.fullname" .) .Values.serviceAccount.name }}
{{- else }}
{{- default "default" .Values.serviceAccount.name }}
{{- end }}
{{- end }}

{{- define "rawcow.dataClaim" -}}
{{- default (printf "%s-data" (include "rawcow.fullname" .)) .Values.storage.data.existingClaim }}
{{- end }}

{{/* Whether anything but health and metrics can be reached from outside of the pod. */}}
{{- define "rawcow.exposed" -}}
{{- if or .Values.rest.exposed .Values.nbd.exposed }}yes{{ end }}
{{- end }}

{{/* The name by which exports are found from elsewhere in the cluster. */}}
{{- define "rawcow.advertise" -}}
{{- $name := include "rawcow.fullname" . }}
{{- if .Values.nbd.advertise }}
{{- .Values.nbd.advertise }}
{{- else if and (eq .Values.mode "statefulset") (gt (int .Values.replicas) 1) }}
{{- printf "$(POD_NAME).%s-pods.%s.svc" $name .Release.Namespace }}
{{- else }}
{{- printf "%s.%s.svc" $name .Release.Namespace }}
{{- end }}
{{- end }}

{{- define "rawcow.hasMonitoring" -}}
{{- if .Capabilities.APIVersions.Has "monitoring.coreos.com/v1" }}yes{{ end }}
{{- end }}

{{- define "rawcow.hasServiceMonitor" -}}
{{- if and .Values.metrics.serviceMonitor.enabled (include "rawcow.hasMonitoring" .) }}yes{{ end }}
{{- end }}

{{/* Targets by number: names of an init container's ports, a sidecar's, are found from Kubernetes 1.33 on only. */}}
{{- define "rawcow.servicePorts" -}}
{{- if .Values.rest.exposed }}
- name: rest
  port: {{ .Values.rest.port }}
  targetPort: {{ .Values.rest.port }}
{{- end }}
{{- if .Values.nbd.exposed }}
- name: nbd
  port: {{ .Values.nbd.port }}
  targetPort: {{ .Values.nbd.port }}
{{- end }}
{{- end }}
