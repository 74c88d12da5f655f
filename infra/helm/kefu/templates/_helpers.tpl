{{- define "kefu.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "kefu.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 52 | trimSuffix "-" }}
{{- else }}
{{- $name := default .Chart.Name .Values.nameOverride }}
{{- if contains $name .Release.Name }}
{{- .Release.Name | trunc 52 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name $name | trunc 52 | trimSuffix "-" }}
{{- end }}
{{- end }}
{{- end }}

{{- define "kefu.selector" -}}
app.kubernetes.io/name: {{ include "kefu.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: server
{{- end }}

{{- define "kefu.labels" -}}
{{ include "kefu.selector" . }}
app.kubernetes.io/version: {{ .Values.image.tag | default .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end }}

{{- define "kefu.serviceAccount" -}}
{{- if .Values.serviceAccount.create }}
{{- default (include "kefu.fullname" .) .Values.serviceAccount.name }}
{{- else }}
{{- default "default" .Values.serviceAccount.name }}
{{- end }}
{{- end }}

{{- define "kefu.image" -}}
{{- if .Values.image.digest }}
{{- printf "%s@%s" .Values.image.repository .Values.image.digest }}
{{- else }}
{{- printf "%s:%s" .Values.image.repository (.Values.image.tag | default .Chart.AppVersion) }}
{{- end }}
{{- end }}

{{- define "kefu.podSecurity" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
fsGroup: 65532
fsGroupChangePolicy: OnRootMismatch
seccompProfile:
  type: RuntimeDefault
{{- end }}

{{- define "kefu.containerSecurity" -}}
allowPrivilegeEscalation: false
privileged: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end }}

{{/* The pod, the same for both modes. */}}
{{- define "kefu.pod" -}}
metadata:
  labels:
    {{- include "kefu.labels" . | nindent 4 }}
    {{- with .Values.podLabels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- with .Values.podAnnotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  serviceAccountName: {{ include "kefu.serviceAccount" . }}
  automountServiceAccountToken: false
  enableServiceLinks: false
  {{- with .Values.imagePullSecrets }}
  imagePullSecrets:
    {{- range . }}
    - name: {{ . }}
    {{- end }}
  {{- end }}
  {{- with .Values.priorityClassName }}
  priorityClassName: {{ . }}
  {{- end }}
  securityContext:
    {{- include "kefu.podSecurity" . | nindent 4 }}
  # Longer than what it takes to leave: time for balancers, the window for clients, and some for the last commits.
  terminationGracePeriodSeconds: {{ add .Values.settleSeconds .Values.drainSeconds 20 }}
  {{- if eq .Values.mode "postgres" }}
  topologySpreadConstraints:
    {{- range $key := list "topology.kubernetes.io/zone" "kubernetes.io/hostname" }}
    - maxSkew: 1
      topologyKey: {{ $key }}
      whenUnsatisfiable: ScheduleAnyway
      labelSelector:
        matchLabels:
          {{- include "kefu.selector" $ | nindent 10 }}
    {{- end }}
  {{- end }}
  {{- with .Values.nodeSelector }}
  nodeSelector:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.tolerations }}
  tolerations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.affinity }}
  affinity:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  containers:
    - name: kefu
      image: {{ include "kefu.image" . | quote }}
      imagePullPolicy: {{ .Values.image.pullPolicy }}
      args:
        - --config=/etc/kefu/kefu.yaml
        - --listen=:8080
        - --ops=:9091
        - --data=/data
        - --store={{ .Values.mode }}
        - --log.format={{ .Values.logFormat }}
      {{- if or (eq .Values.mode "postgres") .Values.admin.existingSecret .Values.env }}
      env:
        {{- if eq .Values.mode "postgres" }}
        - name: KEFU_DATABASE
          valueFrom:
            secretKeyRef:
              name: {{ .Values.database.existingSecret }}
              key: {{ .Values.database.key }}
        {{- end }}
        {{- if .Values.admin.existingSecret }}
        - name: KEFU_ADMIN_PASSWORD
          valueFrom:
            secretKeyRef:
              name: {{ .Values.admin.existingSecret }}
              key: {{ .Values.admin.key }}
        {{- end }}
        {{- with .Values.env }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      {{- end }}
      ports:
        - name: http
          containerPort: 8080
          protocol: TCP
        - name: ops
          containerPort: 9091
          protocol: TCP
      # Why a server does not start is the last line of its log, and then in the status of the pod.
      terminationMessagePolicy: FallbackToLogsOnError
      lifecycle:
        preStop:
          sleep:
            seconds: {{ max 1 (int .Values.settleSeconds) }}
      # A start may migrate the tables; five minutes.
      startupProbe:
        httpGet: {path: /startupz, port: ops}
        periodSeconds: 2
        failureThreshold: 150
        timeoutSeconds: 3
      readinessProbe:
        httpGet: {path: /readyz, port: ops}
        periodSeconds: 5
        failureThreshold: 2
        timeoutSeconds: 3
      # Asks only whether the process can answer at all: no restart cures a database.
      livenessProbe:
        httpGet: {path: /livez, port: ops}
        periodSeconds: 10
        failureThreshold: 6
        timeoutSeconds: 3
      {{- with .Values.resources }}
      resources:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      securityContext:
        {{- include "kefu.containerSecurity" . | nindent 8 }}
      volumeMounts:
        # A directory, not a subPath: only so does a change of the ConfigMap reach the server.
        - name: config
          mountPath: /etc/kefu
          readOnly: true
        - name: data
          mountPath: /data
  volumes:
    - name: config
      configMap:
        name: {{ include "kefu.fullname" . }}
    {{- if eq .Values.mode "postgres" }}
    - name: data # traces; what counts is in the database
      emptyDir:
        sizeLimit: 256Mi
    {{- else if .Values.persistence.existingClaim }}
    - name: data
      persistentVolumeClaim:
        claimName: {{ .Values.persistence.existingClaim }}
    {{- end }}
{{- end }}
