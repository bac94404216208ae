{{/* What no schema can tell: values that would make a pod that does not start, or one that is open to anybody. */}}
{{- define "rawcow.check" -}}
{{- with .Values }}
{{- if and (eq .mode "sidecar") (semverCompare "<1.29.0-0" $.Capabilities.KubeVersion.Version) }}
{{- fail (printf "rawcow: mode sidecar needs Kubernetes 1.29 or newer, for containers that start before the others and stay; this is %s. The modes statefulset, deployment and daemonset work here." $.Capabilities.KubeVersion.Version) }}
{{- end }}
{{- range $name, $value := dict "RAWCOW_NBD_WORKERS" "nbd.workers" "RAWCOW_NBD_ADVERTISE" "nbd.advertise" }}
{{- if hasKey $.Values.env $name }}
{{- fail (printf "rawcow: env has %s, which the chart sets itself: use %s." $name $value) }}
{{- end }}
{{- end }}
{{- if .rest.exposed }}
{{- if not .rest.tls.existingSecret }}
{{- fail "rawcow: rest.exposed needs rest.tls.existingSecret, a Secret with a certificate and its key: without TLS tokens could be read on the way." }}
{{- end }}
{{- if not (or .access.tokens .access.subjects) }}
{{- fail "rawcow: rest.exposed needs access.tokens or access.subjects: whoever reaches the REST interface could delete images." }}
{{- end }}
{{- end }}
{{- if and .access.tokens (not .access.existingSecret) }}
{{- fail "rawcow: access.tokens needs access.existingSecret, the Secret that holds them." }}
{{- end }}
{{- if and .access.subjects (not .rest.tls.clientCaKey) }}
{{- fail "rawcow: access.subjects needs rest.tls.clientCaKey: nobody shows a certificate else." }}
{{- end }}
{{- if and .rest.tls.clientCaKey (not .access.subjects) }}
{{- fail "rawcow: rest.tls.clientCaKey needs access.subjects: no certificate would be of any use." }}
{{- end }}
{{- if and .rest.tls.existingSecret (not .rest.exposed) }}
{{- fail "rawcow: rest.tls is given but rest.exposed is false: nobody outside of the pod could use it." }}
{{- end }}
{{- if and .nbd.exposed (ne .nbd.tls.mode "required") }}
{{- fail "rawcow: nbd.exposed needs nbd.tls.mode required: without TLS whoever reaches the port could read and write every disk." }}
{{- end }}
{{- if and .nbd.exposed (not .nbd.tls.clientCaKey) (not (hasKey .env "RAWCOW_NBD_ALLOWUNAUTHENTICATEDNETWORK")) }}
{{- fail "rawcow: nbd.exposed needs nbd.tls.clientCaKey: whoever reaches the port could read and write every disk, since TLS alone asks clients for nothing." }}
{{- end }}
{{- if and (ne .nbd.tls.mode "off") (not .nbd.tls.existingSecret) }}
{{- fail "rawcow: nbd.tls needs nbd.tls.existingSecret, a Secret with a certificate and its key, unless its mode is off." }}
{{- end }}
{{- if and (eq .nbd.tls.mode "off") .nbd.tls.existingSecret }}
{{- fail "rawcow: nbd.tls.existingSecret is given but nbd.tls.mode is off, which the service refuses: set it to required, or to optional." }}
{{- end }}
{{- if and (eq .mode "sidecar") .nbd.exposed (not .nbd.advertise) }}
{{- fail "rawcow: nbd.exposed in mode sidecar needs nbd.advertise: the chart makes no Service for the pods of others, so it knows no name for URIs." }}
{{- end }}
{{- if and .nbd.tls.clientCaKey (ne .nbd.tls.mode "required") }}
{{- fail "rawcow: nbd.tls.clientCaKey needs nbd.tls.mode required: else a certificate need not be shown." }}
{{- end }}
{{- if and .nbd.tls.allowedSubjects (not .nbd.tls.clientCaKey) }}
{{- fail "rawcow: nbd.tls.allowedSubjects needs nbd.tls.clientCaKey: nobody shows a certificate else." }}
{{- end }}
{{- if .webhooks.endpoints }}
{{- if not .webhooks.existingSecret }}
{{- fail "rawcow: webhooks.endpoints needs webhooks.existingSecret, the Secret with the keys that sign deliveries." }}
{{- end }}
{{- if and .networkPolicy.enabled (ne .mode "sidecar") (not .networkPolicy.egress) }}
{{- fail "rawcow: webhooks.endpoints needs rules in networkPolicy.egress, to DNS and to the receivers: no delivery would leave the pod." }}
{{- end }}
{{- end }}
{{- if and (ne .mode "statefulset") (ne (int .replicas) 1) }}
{{- fail (printf "rawcow: replicas is of mode statefulset alone, where each pod has disks of its own; this is mode %s." .mode) }}
{{- end }}
{{- if and (eq .mode "statefulset") (gt (int .replicas) 1) .storage.data.existingClaim }}
{{- fail "rawcow: storage.data.existingClaim is one claim, and only one pod can have it: leave it empty, or set replicas to 1." }}
{{- end }}
{{- if and (eq .mode "sidecar") .example.enabled (not (hasKey .images .example.image)) }}
{{- fail (printf "rawcow: the example's guest boots the image %s, which is not in images: declare it, name another one in example.image, or set example.enabled to false." .example.image) }}
{{- end }}
{{- if and (eq .mode "sidecar") .example.enabled .example.direct (not (get (get .images .example.image) "raw-file")) }}
{{- fail (printf "rawcow: example.direct opens the raw file of image %s, which does not state a raw-file." .example.image) }}
{{- end }}
{{- if and (eq .mode "sidecar") (ne .nbd.tls.mode "off") .example.enabled }}
{{- fail "rawcow: the example's guest speaks no TLS on the socket it shares with the sidecar: set nbd.tls.mode to off, or example.enabled to false." }}
{{- end }}
{{- end }}
{{- end }}
