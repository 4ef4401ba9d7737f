{{- define "vantum.container" -}}
image: "{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}"
imagePullPolicy: {{ .Values.image.pullPolicy }}
envFrom: [{secretRef: {name: {{ .Values.secret }}}}]
env:
  - {name: PUBLIC_URL, value: "https://{{ .Values.domain }}"}
  - {name: FORWARDED_ALLOW_IPS, value: {{ .Values.ingress.networks | quote }}}
  - {name: DRAIN_S, value: "{{ .Values.serve.drainSeconds }}"}
  {{- range $name, $value := .Values.settings }}
  - {name: {{ $name }}, value: {{ $value | quote }}}
  {{- end }}
securityContext: {runAsNonRoot: true, runAsUser: 10001, allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}
{{- end -}}
