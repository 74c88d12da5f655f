package functions_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"strings"
	"testing"

	"kefu/functions/internal/cloudfront"
)

// What AWS calls two of its policies for CloudFront.
const (
	notKept    = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad" // CachingDisabled
	allButHost = "b689b0a8-53d0-40ab-baf2-68738e2966ac" // AllViewerExceptHostHeader
)

// edgeRules are those of what stands before the functions, and beside them.
func edgeRules() []rule {
	return []rule{
		{name: "one domain", faults: domainFaults, breaks: []brk{
			{old: "PathPattern: /ws", new: "PathPattern: /socket", fault: "the paths"},
			{old: "TargetOriginId: socket", new: "TargetOriginId: http", fault: "/ws leads to"},
			{old: "PATCH, POST, DELETE", new: "POST", fault: "AllowedMethods of /v1/*"},
			{old: "CachePolicyId: " + notKept, new: "CachePolicyId: !Ref FilesCache", fault: "CachePolicyId of /ws"},
			{old: "OriginRequestPolicyId: " + allButHost, new: "OriginRequestPolicyId: 216adef6-5c7f-47e4-b989-5492eafa07d3", fault: "OriginRequestPolicyId of /ws"},
			{old: "{ErrorCode: 403, ErrorCachingMinTTL: 0}", new: "{ErrorCode: 403, ErrorCachingMinTTL: 9}", fault: "403"},
			{old: "          - {ErrorCode: 503, ErrorCachingMinTTL: 0}\n", new: "", fault: "503"},
			{old: "ViewerProtocolPolicy: https-only", new: "ViewerProtocolPolicy: allow-all", fault: "/ws may be asked for without TLS"},
		}},
		{name: "headers are those of core/httpapi", faults: headerFaults, breaks: []brk{
			{old: "        SecurityHeadersConfig:\n", new: "        SecurityHeadersConfig:\n          ContentSecurityPolicy: {ContentSecurityPolicy: default-src *, Override: true}\n", fault: "OnlyHttps"},
			{old: "FunctionUrlConfig: {AuthType: NONE}", new: "FunctionUrlConfig: {AuthType: NONE, Cors: {AllowOrigins: [\"*\"]}}", fault: "FunctionUrlConfig"},
			{old: "MaxTTL: 31536000", new: "MaxTTL: 60", fault: "FilesCache"},
			{old: "DefaultTTL: 0", new: "DefaultTTL: 60", fault: "FilesCache"},
			{old: "EnableAcceptEncodingGzip: true", new: "EnableAcceptEncodingGzip: false", fault: "FilesCache"},
		}},
		{name: "nobody is somebody else", faults: viewerFaults, breaks: []brk{
			{old: "HeaderName: Kefu-Edge", new: "HeaderName: X-Edge", fault: "the key of the origin http"},
			{old: `KEFU_EDGE_KEY: !Sub "{{resolve:secretsmanager:${EdgeKey}`, new: `KEFU_EDGE_KEY: !Sub "{{resolve:secretsmanager:${AdminPassword}`, fault: "KEFU_EDGE_KEY of"},
			{old: "headers['kefu-viewer']", new: "headers['true-client-ip']", fault: "Viewer does not write Kefu-Viewer"},
			{old: "{ value: event.viewer.ip }", new: "headers['x-forwarded-for']", fault: "Viewer does not write Kefu-Viewer"},
			{old: "[{EventType: viewer-request, FunctionARN", new: "[{EventType: viewer-response, FunctionARN", fault: "FunctionAssociations of the files"},
			{old: "OriginRequestPolicyId: !Ref OnlyViewer", new: "OriginRequestPolicyId: " + allButHost, fault: "what of a request for a file is handed on"},
			{old: "Headers: [Kefu-Viewer, Kefu-Host]", new: "Headers: [Kefu-Viewer]", fault: "what of a request for a file is handed on"},
			{old: "PasswordLength: 48", new: "PasswordLength: 8", fault: "EdgeKey has 8 characters"},
		}},
		{name: "logs and secrets", faults: quietFaults, breaks: []brk{
			{old: "SystemLogLevel: WARN", new: "SystemLogLevel: INFO", fault: "LoggingConfig"},
			{old: "LoggingConfig: {LogGroup: !Ref SweepLog}", new: "LoggingConfig: {}", fault: "LogGroup of SweepFunction"},
			{old: "{RetentionInDays: !Ref LogDays}", new: "{}", fault: "SocketLog keeps"},
			{old: "GenerateSecretString: {PasswordLength: 24, ExcludePunctuation: true}", new: "SecretString: admin", fault: "AdminPassword"},
			{old: "--secret-id ${AdminPassword}", new: "--secret-id ${EdgeKey}", fault: "AdminPasswordCommand"},
		}},
		{name: "alarms", faults: alarmFaults, breaks: []brk{
			{old: "MetricName: Url5xxCount", new: "MetricName: 5xxError", fault: "HttpFailures watches AWS/Lambda 5xxError"},
			{old: "MetricName: Errors", new: "MetricName: Throttles", fault: "nothing watches the Errors of SocketFunction"},
			{old: "TreatMissingData: breaching", new: "TreatMissingData: notBreaching", fault: "SweepMissing"},
			{old: "Dimensions: [{Name: FunctionName, Value: !Ref SweepFunction}]", new: "Dimensions: [{Name: FunctionName, Value: !Ref Broom}]", fault: "SweepErrors watches"},
			{old: "AlarmActions: !If [HasEmail, [!Ref Alarms], !Ref AWS::NoValue]", new: "AlarmActions: []", fault: "SocketErrors tells"},
			{old: "MetricName: post_429", new: "MetricName: post_430", fault: "PushThrottles watches Kefu post_430"},
			{code: func(c *code) { c.metrics = []string{"Other", "post_429"} }, fault: "PushThrottles watches Kefu post_429"},
		}},
	}
}

// origin returns an origin of the distribution by its id.
func (t template) origin(id string) any { return t.find("Origins", "Id", id) }

// find returns the element of a list of the distribution that has a value.
func (t template) find(in, key, value string) any {
	for _, x := range list(t.get("Distribution", "DistributionConfig", in)) {
		if at(x, key) == value {
			return x
		}
	}
	return nil
}

// domainFaults: /ws and /v1/* lead to whom they are for, unkept, with all but
// the Host; CloudFront keeps no errors.
func domainFaults(t template, _ code) (faults []string) {
	var paths []string
	for _, b := range list(t.get("Distribution", "DistributionConfig", "CacheBehaviors")) {
		p := fmt.Sprint(at(b, "PathPattern"))
		paths = append(paths, p)
		faults = append(faults, want("CachePolicyId of "+p, at(b, "CachePolicyId"), notKept)...)
		faults = append(faults, want("OriginRequestPolicyId of "+p, at(b, "OriginRequestPolicyId"), allButHost)...)
		if at(b, "ViewerProtocolPolicy") != "https-only" {
			faults = append(faults, p+" may be asked for without TLS")
		}
	}
	faults = append(faults, want("the paths", paths, fmt.Sprintf("[/%v /v1/*]", t.get("SocketApi", "StageName")))...)
	faults = append(faults, want("/ws leads to", at(t.find("CacheBehaviors", "PathPattern", "/ws"), "TargetOriginId"), "socket")...)
	v1 := t.find("CacheBehaviors", "PathPattern", "/v1/*")
	faults = append(faults, want("/v1/* leads to", at(v1, "TargetOriginId"), "http")...)
	faults = append(faults, want("AllowedMethods of /v1/*", at(v1, "AllowedMethods"), "[GET HEAD OPTIONS PUT PATCH POST DELETE]")...)
	for _, code := range []string{"400", "403", "404", "405", "414", "416", "500", "501", "502", "503", "504"} {
		faults = append(faults, want("how long CloudFront keeps a "+code, at(t.find("CustomErrorResponses", "ErrorCode", code), "ErrorCachingMinTTL"), "0")...)
	}
	return faults
}

// headerFaults: nothing between the http function and the browser changes what
// core/httpapi says of a file, but that the domain is for TLS only.
func headerFaults(t template, _ code) []string {
	files := t.get("Distribution", "DistributionConfig", "DefaultCacheBehavior")
	https := t.get("OnlyHttps", "ResponseHeadersPolicyConfig")
	config := t.get("FilesCache", "CachePolicyConfig")
	faults := want("the files come from", at(files, "TargetOriginId"), "http")
	faults = append(faults, want("CachePolicyId of the files", at(files, "CachePolicyId"), "map[Ref:FilesCache]")...)
	faults = append(faults, want("OnlyHttps adds", at(https, "SecurityHeadersConfig"), "map[StrictTransportSecurity:map[AccessControlMaxAgeSec:31536000 Override:true]]")...)
	faults = append(faults, want("OnlyHttps has", len(https.(map[string]any)), "2")...) // a name, and that
	faults = append(faults, want("FunctionUrlConfig", t.get("HttpFunction", "FunctionUrlConfig"), "map[AuthType:NONE]")...)
	faults = append(faults, want("what FilesCache allows", []any{at(config, "MinTTL"), at(config, "DefaultTTL"), at(config, "MaxTTL")}, "[0 0 31536000]")...)
	return append(faults, want("what FilesCache tells files apart by", at(config, "ParametersInCacheKeyAndForwardedToOrigin"),
		"map[CookiesConfig:map[CookieBehavior:none] EnableAcceptEncodingGzip:true HeadersConfig:map[HeaderBehavior:none] QueryStringsConfig:map[QueryStringBehavior:none]]")...)
}

// viewerFaults: the headers of package cloudfront are written by CloudFront,
// always.
func viewerFaults(t template, _ code) (faults []string) {
	const key = "{{resolve:secretsmanager:${EdgeKey}:SecretString}}"
	for _, o := range []string{"http", "socket"} {
		faults = append(faults, want("the key of the origin "+o, at(t.origin(o), "OriginCustomHeaders"),
			"[map[HeaderName:"+cloudfront.KeyHeader+" HeaderValue:map[Fn::Sub:"+key+"]]]")...)
	}
	for _, f := range []string{"SocketFunction", "HttpFunction"} {
		faults = append(faults, want(cloudfront.KeyVariable+" of "+f, t.get(f, "Environment", "Variables", cloudfront.KeyVariable), "map[Fn::Sub:"+key+"]")...)
	}
	if n, _ := strconv.Atoi(fmt.Sprint(t.get("EdgeKey", "GenerateSecretString", "PasswordLength"))); n < 32 {
		faults = append(faults, fmt.Sprintf("EdgeKey has %d characters", n))
	}
	js := fmt.Sprint(t.get("Viewer", "FunctionCode"))
	for header, from := range map[string]string{cloudfront.ViewerHeader: "event.viewer.ip", cloudfront.HostHeader: "headers.host.value"} {
		if !strings.Contains(js, fmt.Sprintf("headers['%s'] = { value: %s };", strings.ToLower(header), from)) {
			faults = append(faults, "Viewer does not write "+header)
		}
	}
	const viewer = "[map[EventType:viewer-request FunctionARN:map[Fn::GetAtt:Viewer.FunctionARN]]]"
	for _, b := range list(t.get("Distribution", "DistributionConfig", "CacheBehaviors")) {
		faults = append(faults, want("FunctionAssociations of "+fmt.Sprint(at(b, "PathPattern")), at(b, "FunctionAssociations"), viewer)...)
	}
	files := t.get("Distribution", "DistributionConfig", "DefaultCacheBehavior")
	faults = append(faults, want("what of a request for a file is handed on",
		[]any{at(files, "OriginRequestPolicyId"), t.get("OnlyViewer", "OriginRequestPolicyConfig", "HeadersConfig")},
		fmt.Sprintf("[map[Ref:OnlyViewer] map[HeaderBehavior:whitelist Headers:[%s %s]]]", cloudfront.ViewerHeader, cloudfront.HostHeader))...)
	return append(faults, want("FunctionAssociations of the files", at(files, "FunctionAssociations"), viewer)...)
}

// quietFaults: logs cost little and end; no secret is written down.
func quietFaults(t template, _ code) []string {
	faults := want("LoggingConfig", at(t.root, "Globals", "Function", "LoggingConfig"), "map[ApplicationLogLevel:map[Ref:LogLevel] LogFormat:JSON SystemLogLevel:WARN]")
	for _, f := range t.functions() {
		group := strings.TrimSuffix(f, "Function") + "Log"
		faults = append(faults, want("LogGroup of "+f, t.get(f, "LoggingConfig", "LogGroup"), "map[Ref:"+group+"]")...)
		faults = append(faults, want(group+" keeps for", t.get(group, "RetentionInDays"), "map[Ref:LogDays]")...)
	}
	for _, s := range t.resources("AWS::SecretsManager::Secret") {
		if t.get(s, "SecretString") != nil || t.get(s, "GenerateSecretString") == nil {
			faults = append(faults, s+" is not generated")
		}
	}
	return append(faults, want("AdminPasswordCommand", at(t.root, "Outputs", "AdminPasswordCommand", "Value"),
		"map[Fn::Sub:aws secretsmanager get-secret-value --region ${AWS::Region} --secret-id ${AdminPassword} --query SecretString --output text]")...)
}

// watched are the metrics that AWS has, and by what they are told apart.
func watched(t template, c code, namespace, metric, dimensions string) bool {
	of := map[string]string{
		"AWS/Lambda Errors": "function", "AWS/Lambda Throttles": "function", "AWS/Lambda Invocations": "function", "AWS/Lambda Url5xxCount": "function",
		"AWS/ApiGateway IntegrationError": "[map[Name:ApiId Value:map[Ref:SocketApi]] map[Name:Stage Value:ws]]",
		"AWS/DynamoDB ReadThrottleEvents": "[map[Name:TableName Value:map[Ref:Table]]]", "AWS/DynamoDB WriteThrottleEvents": "[map[Name:TableName Value:map[Ref:Table]]]",
	}[namespace+" "+metric]
	ours := namespace == "Kefu" && slices.Contains(c.metrics, namespace) && slices.Contains(c.metrics, metric) // as EMF, in the log
	if of != "function" && !ours {
		return of == dimensions
	}
	for _, f := range t.functions() {
		if dimensions == "[map[Name:FunctionName Value:map[Ref:"+f+"]]]" {
			return true
		}
	}
	return false
}

// alarmFaults: every alarm watches what there is and tells somebody, and what
// matters is watched.
func alarmFaults(t template, c code) (faults []string) {
	seen := map[string]bool{}
	for _, a := range t.resources("AWS::CloudWatch::Alarm") {
		namespace, metric, dimensions := fmt.Sprint(t.get(a, "Namespace")), fmt.Sprint(t.get(a, "MetricName")), fmt.Sprint(t.get(a, "Dimensions"))
		seen[metric+" "+dimensions] = true
		if !watched(t, c, namespace, metric, dimensions) {
			faults = append(faults, fmt.Sprintf("%s watches %s %s of %s, which is not there", a, namespace, metric, dimensions))
		}
		faults = append(faults, want(a+" tells", t.get(a, "AlarmActions"), "map[Fn::If:[HasEmail [map[Ref:Alarms]] map[Ref:AWS::NoValue]]]")...)
	}
	for _, f := range t.functions() {
		if !seen["Errors [map[Name:FunctionName Value:map[Ref:"+f+"]]]"] {
			faults = append(faults, "nothing watches the Errors of "+f)
		}
	}
	missing := []any{t.get("SweepMissing", "MetricName"), t.get("SweepMissing", "ComparisonOperator"), t.get("SweepMissing", "TreatMissingData")}
	return append(faults, want("SweepMissing", missing, "[Invocations LessThanThreshold breaching]")...)
}

// literals returns the strings in a Go file.
func literals(t *testing.T, file string) (all []string) {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(f, func(n ast.Node) bool {
		if l, ok := n.(*ast.BasicLit); ok && l.Kind == token.STRING {
			s, _ := strconv.Unquote(l.Value)
			all = append(all, s)
		}
		return true
	})
	return all
}
