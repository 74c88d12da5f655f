package functions_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"kefu/functions/internal/dynamo"
)

func rules() []rule {
	return append(edgeRules(),
		rule{name: "functions", faults: functionFaults, breaks: []brk{
			{old: "CodeUri: dist/sweep", new: "CodeUri: dist/broom", fault: "broom is in the template, but not in the code"},
			{code: func(c *code) { c.functions["ask"] = reached{} }, fault: "ask is in the code, but not in the template"},
			{old: "[arm64]", new: "[x86_64]", fault: "Architectures"},
			{old: "provided.al2023", new: "go1.x", fault: "Runtime"},
		}},
		rule{name: "routes", faults: routeFaults, breaks: []brk{
			{old: "$request.body.type", new: "$request.body.action", fault: "RouteSelectionExpression"},
			{old: "        $disconnect:", new: "        send:", fault: "routes"},
			{old: "$default: {FunctionArn: !GetAtt SocketFunction.Arn", new: "$default: {FunctionArn: !GetAtt HttpFunction.Arn", fault: "$default leads to"},
			{old: ", RouteResponseSelectionExpression: $default", new: "", fault: "RouteResponseSelectionExpression"},
			{old: "AWS::ApiGatewayV2::RouteResponse", new: "AWS::ApiGatewayV2::Model", fault: "RouteResponse"},
			{old: "StageName: ws", new: "StageName: prod", fault: "StageName"},
			{code: func(c *code) { delete(c.functions["socket"].literals, "DISCONNECT") }, fault: "socket does not know DISCONNECT"},
		}},
		rule{name: "environment", faults: environmentFaults, breaks: []brk{
			{old: "        KEFU_TABLE: !Ref Table\n", new: "", fault: "sweep: KEFU_TABLE is in the code, but not in the template"},
			{old: "KEFU_ADMIN_PASSWORD_SECRET:", new: "KEFU_ADMIN_SECRET:", fault: "http: KEFU_ADMIN_SECRET is in the template, but not in the code"},
			{code: func(c *code) { forget(c, "socket", "KEFU_EDGE_KEY") }, fault: "socket: KEFU_EDGE_KEY is in the template, but not in the code"},
			{code: func(c *code) { forget(c, "sweep", "KEFU_EDGE_KEY") }, fault: "sweep does not read KEFU_EDGE_KEY any more"},
			{old: "KEFU_MODEL_KEY: !If", new: "KEFU_OTHER_KEY: !If", fault: "assist: KEFU_OTHER_KEY is in the template, but not in the code"},
			{old: "          KEFU_ASSIST: !Ref AssistFunction\n", new: "", fault: "socket: KEFU_ASSIST is in the code, but not in the template"},
		}},
		rule{name: "rights", faults: rightFaults, breaks: []brk{
			{old: `"dynamodb:Query", `, new: "", fault: "SocketRole: dynamodb:Query is in the code, but not in the template"},
			{old: `"dynamodb:Query", `, new: `"dynamodb:Query", "dynamodb:Scan", `, fault: "SocketRole: dynamodb:Scan is in the template, but not in the code"},
			{old: `Resource: !GetAtt Table.Arn`, new: `Resource: "*"`, fault: "SocketRole may dynamodb:Query"},
			{old: "/ws/POST/@connections/*", new: "/*/*/@connections/*", fault: "SocketRole may execute-api:ManageConnections"},
			{old: "/ws/POST/@connections/*", new: "/ws/GET/@connections/*", fault: "SocketRole: POST is in the code, but not in the template"},
			{old: "Resource: !Ref AdminPassword", new: "Resource: !Ref EdgeKey", fault: "HttpRole may secretsmanager:GetSecretValue"},
			{old: "Resource: !GetAtt SocketLog.Arn", new: "Resource: !GetAtt HttpLog.Arn", fault: "SocketRole may logs:CreateLogStream"},
			{old: "Role: !GetAtt SweepRole.Arn", new: "Role: !GetAtt HttpRole.Arn", fault: "Role of SweepFunction"},
			{old: "      Role: !GetAtt HttpRole.Arn\n", new: "", fault: "Role of HttpFunction"},
			{old: "Resource: !GetAtt AssistFunction.Arn", new: "Resource: !GetAtt SweepFunction.Arn", fault: "SocketRole may lambda:InvokeFunction on"},
			{old: `              - {Effect: Allow, Action: "lambda:InvokeFunction", Resource: !GetAtt AssistFunction.Arn}` + "\n", new: "", fault: "SocketRole: lambda:InvokeFunction is in the code"},
			{old: `Resource: !Sub "${Files.Arn}/*"}`, new: `Resource: "*"}`, fault: "SocketRole may s3:GetObject on *"},
			{old: `Action: "s3:ListBucket", `, new: `Action: "s3:ListAllMyBuckets", `, fault: "SocketRole: s3:ListBucket is in the code, but not in the template"},
			{code: func(c *code) { c.functions["sweep"] = with(c.functions["sweep"], "sqs") }, fault: "sweep calls sqs, of which these rules know nothing"},
		}},
		rule{name: "files", faults: filesFaults, breaks: []brk{
			{old: "BlockPublicPolicy: true", new: "BlockPublicPolicy: false", fault: "PublicAccessBlockConfiguration"},
			{old: "AllowedMethods: [POST]", new: "AllowedMethods: [POST, GET]", fault: "CorsConfiguration"},
			{old: `"aws:SecureTransport": "false"`, new: `"aws:SecureTransport": "true"`, fault: "OnlyTLS"},
			{old: "ObjectOwnership: BucketOwnerEnforced", new: "ObjectOwnership: ObjectWriter", fault: "OwnershipControls"},
			{old: "AbortIncompleteMultipartUpload: {DaysAfterInitiation: 1}", new: "ExpirationInDays: 30", fault: "LifecycleConfiguration"},
		}},
		rule{name: "table", faults: tableFaults, breaks: []brk{
			{old: "AttributeName: sk, KeyType: RANGE", new: "AttributeName: at, KeyType: RANGE", fault: "KeySchema"},
			{old: "AttributeName: pk, AttributeType: S", new: "AttributeName: pk, AttributeType: B", fault: "AttributeDefinitions"},
			{old: "AttributeName: ttl", new: "AttributeName: expires", fault: "TimeToLiveSpecification"},
			{old: "PAY_PER_REQUEST", new: "PROVISIONED", fault: "BillingMode"},
			{old: "DeletionProtectionEnabled: true", new: "DeletionProtectionEnabled: false", fault: "DeletionProtectionEnabled"},
			{old: "PointInTimeRecoveryEnabled: true", new: "PointInTimeRecoveryEnabled: false", fault: "PointInTimeRecovery"},
			{old: "DeletionPolicy: Retain", new: "DeletionPolicy: Delete", fault: "DeletionPolicy"},
			{old: "MaxWriteRequestUnits: !Ref MaxWriteUnits", new: "MaxWriteRequestUnits: -1", fault: "OnDemandThroughput"},
		}},
		rule{name: "time", faults: timeFaults, breaks: []brk{
			{old: "IntegrationTimeout: 11000", new: "IntegrationTimeout: 30000", fault: "API Gateway waits for $connect"},
			{old: "      Timeout: 10\n", new: "      Timeout: 11\n", fault: "API Gateway waits for $connect"},
			{old: "Timeout: 20 #", new: "Timeout: 15 #", fault: "HttpFunction has 15 s"},
			{old: "OriginReadTimeout: 30", new: "OriginReadTimeout: 20", fault: "CloudFront waits 20 s"},
			{old: "Timeout: 50", new: "Timeout: 60", fault: "SweepFunction has 60 s"},
			{old: "Timeout: 60\n", new: "Timeout: 20\n", fault: "AssistFunction has 20 s"},
			{old: "{MaximumRetryAttempts: 0, MaximumEventAgeInSeconds: 60}\n      Environment:\n", new: "{MaximumRetryAttempts: 2}\n      Environment:\n", fault: "EventInvokeConfig of AssistFunction"},
			{old: "rate(1 minute)", new: "rate(5 minutes)", fault: "ScheduleExpression"},
			{old: "RetryPolicy: {MaximumRetryAttempts: 0", new: "RetryPolicy: {MaximumRetryAttempts: 9", fault: "RetryPolicy"},
		}},
	)
}

func forget(c *code, function, variable string) {
	f := c.functions[function]
	f.variables = slices.DeleteFunc(slices.Clone(f.variables), func(v string) bool { return v == variable })
	c.functions[function] = f
}

func with(f reached, service string) reached {
	f.services = append(slices.Clone(f.services), service)
	return f
}

// functionFaults: each directory with a main is a function, and the reverse.
func functionFaults(t template, c code) []string {
	all := at(t.root, "Globals", "Function")
	faults := differ("functions", slices.Sorted(maps.Keys(t.functions())), slices.Sorted(maps.Keys(c.functions)))
	faults = append(faults, want("Runtime", at(all, "Runtime"), "provided.al2023")...)
	faults = append(faults, want("Handler", at(all, "Handler"), "bootstrap")...)
	return append(faults, want("Architectures", at(all, "Architectures"), "[arm64]")...)
}

// routeFaults: a frame's type is its route, all lead to socket, and what it
// returns for a frame is sent back.
func routeFaults(t template, c code) []string {
	api, socket := t.get("SocketApi"), c.functions["socket"]
	routes, _ := at(api, "Routes").(map[string]any)
	faults := want("RouteSelectionExpression", at(api, "RouteSelectionExpression"), "$request.body.type")
	faults = append(faults, want("StageName", at(api, "StageName"), "ws")...)
	faults = append(faults, want("the routes", slices.Sorted(maps.Keys(routes)), "[$connect $default $disconnect]")...)
	for key, route := range routes {
		faults = append(faults, want(key+" leads to", at(route, "FunctionArn"), "map[Fn::GetAtt:SocketFunction.Arn]")...)
	}
	for _, event := range []string{"CONNECT", "MESSAGE", "DISCONNECT"} {
		if !socket.literals[event] {
			faults = append(faults, "socket does not know "+event)
		}
	}
	faults = append(faults, want("RouteResponseSelectionExpression", at(routes["$default"], "RouteResponseSelectionExpression"), "$default")...)
	faults = append(faults, want("each RouteResponse", t.resources("AWS::ApiGatewayV2::RouteResponse"), "[SocketResponse]")...)
	return append(faults, want("SocketResponse", t.get("SocketResponse"),
		"map[ApiId:map[Ref:SocketApi] RouteId:map[Ref:SocketApiDefaultRoute] RouteResponseKey:$default]")...)
}

// environmentFaults: each function is given what it reads, and no more.
func environmentFaults(t template, c code) (faults []string) {
	all, _ := at(t.root, "Globals", "Function", "Environment", "Variables").(map[string]any)
	notGiven := map[string][]string{ // what is read and left empty on purpose
		"http":   {"KEFU_ADMIN_PASSWORD", "KEFU_MODEL_KEY"}, // for one machine, on AWS it is in a secret; of whoever asks a model, which assist does
		"sweep":  {"KEFU_EDGE_KEY"},                         // all functions are opened alike, but nobody calls this one from without
		"assist": {"KEFU_EDGE_KEY", "KEFU_ASSIST"},          // nor this one, which does not call itself
	}
	for dir, f := range c.functions {
		own, _ := t.get(t.functions()[dir], "Environment", "Variables").(map[string]any)
		given := slices.Collect(maps.Keys(own))
		given = append(append(given, slices.Collect(maps.Keys(all))...), notGiven[dir]...)
		slices.Sort(given)
		faults = append(faults, differ(dir, slices.Compact(given), f.variables)...)
		for _, v := range notGiven[dir] {
			if _, there := own[v]; there || !slices.Contains(f.variables, v) {
				faults = append(faults, dir+" does not read "+v+" any more, or is given it: mend notGiven")
			}
		}
	}
	return faults
}

// rightFaults: a function may do what its code does, to what it does it to.
func rightFaults(t template, c code) (faults []string) {
	for dir, f := range c.functions {
		name := t.functions()[dir]
		role := strings.TrimSuffix(name, "Function") + "Role"
		faults = append(faults, want("the Role of "+name, t.get(name, "Role"), "map[Fn::GetAtt:"+role+".Arn]")...)
		actions, posts, odd := rights(t, role)
		faults = append(faults, odd...)
		needed := f.actions
		if dir == "assist" { // opened like those that invoke it, with nobody to invoke
			needed = slices.DeleteFunc(slices.Clone(needed), func(a string) bool { return a == "lambda:InvokeFunction" })
		}
		faults = append(faults, differ(role, actions, needed)...)
		faults = append(faults, differ(role, posts, f.posts)...)
		for _, s := range f.services {
			if s != "dynamodb" {
				faults = append(faults, dir+" calls "+s+", of which these rules know nothing")
			}
		}
	}
	return faults
}

// rights returns what a role may do besides logging, which methods of
// @connections it may call, and what it may do to the wrong things.
func rights(t template, role string) (actions, posts, odd []string) {
	const connections = "map[Fn::Sub:arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${SocketApi}/ws/"
	for _, p := range list(t.get(role, "Policies")) {
		for _, s := range list(at(p, "PolicyDocument", "Statement")) {
			for _, a := range list(at(s, "Action")) {
				action := a.(string)
				service, _, _ := strings.Cut(action, ":")
				only := map[string]string{
					"dynamodb": "map[Fn::GetAtt:Table.Arn]", "secretsmanager": "map[Ref:AdminPassword]", "s3": "map[Fn::Sub:${Files.Arn}/*]",
					"logs": "map[Fn::GetAtt:" + strings.TrimSuffix(role, "Role") + "Log.Arn]", "lambda": "map[Fn::GetAtt:AssistFunction.Arn]",
				}[service]
				if action == "s3:ListBucket" {
					only = "map[Fn::GetAtt:Files.Arn]"
				}
				for _, r := range list(at(s, "Resource")) {
					resource := fmt.Sprint(r)
					method, found := strings.CutPrefix(resource, connections)
					method, whole := strings.CutSuffix(method, "/@connections/*]")
					switch {
					case service == "execute-api" && found && whole && !strings.Contains(method, "*"):
						posts = append(posts, method)
					case resource != only:
						odd = append(odd, fmt.Sprintf("%s may %s on %s", role, action, resource))
					}
				}
				if service != "logs" {
					actions = append(actions, action)
				}
			}
		}
	}
	return actions, posts, odd
}

// filesFaults: the bucket is private, browsers may only post to it, and nothing
// in it is deleted but by us.
func filesFaults(t template, _ code) (faults []string) {
	for key, value := range map[string]string{
		"PublicAccessBlockConfiguration": "map[BlockPublicAcls:true BlockPublicPolicy:true IgnorePublicAcls:true RestrictPublicBuckets:true]",
		"OwnershipControls":              "map[Rules:[map[ObjectOwnership:BucketOwnerEnforced]]]",
		"CorsConfiguration":              "map[CorsRules:[map[AllowedHeaders:[*] AllowedMethods:[POST] AllowedOrigins:[*] MaxAge:86400]]]",
		"LifecycleConfiguration":         "map[Rules:[map[AbortIncompleteMultipartUpload:map[DaysAfterInitiation:1] Id:parts Status:Enabled]]]",
		"VersioningConfiguration":        "<nil>", // what was erased is gone
	} {
		faults = append(faults, want(key, t.get("Files", key), value)...)
	}
	for _, key := range []string{"DeletionPolicy", "UpdateReplacePolicy"} {
		faults = append(faults, want(key, at(t.root, "Resources", "Files", key), "Retain")...)
	}
	deny := list(t.get("OnlyTLS", "PolicyDocument", "Statement"))
	return append(faults, want("OnlyTLS", fmt.Sprint(deny), "[map[Action:s3:* Condition:map[Bool:map[aws:SecureTransport:false]] Effect:Deny Principal:* "+
		"Resource:[map[Fn::GetAtt:Files.Arn] map[Fn::Sub:${Files.Arn}/*]]]]")...)
}

// definer remembers what a table is made of.
type definer struct{ *dynamodb.CreateTableInput }

func (d *definer) CreateTable(_ context.Context, in *dynamodb.CreateTableInput, _ ...func(*dynamodb.Options)) (*dynamodb.CreateTableOutput, error) {
	d.CreateTableInput = in
	return &dynamodb.CreateTableOutput{}, nil
}

func (d *definer) DescribeTable(context.Context, *dynamodb.DescribeTableInput, ...func(*dynamodb.Options)) (*dynamodb.DescribeTableOutput, error) {
	return &dynamodb.DescribeTableOutput{Table: &types.TableDescription{TableStatus: types.TableStatusActive}}, nil
}

// tableFaults: the table is that of dynamo.Create, and can not get lost.
func tableFaults(t template, c code) (faults []string) {
	var made definer
	if err := dynamo.Create(context.Background(), &made, "table"); err != nil {
		return []string{err.Error()}
	}
	var keys, kinds []string
	for _, k := range made.KeySchema {
		keys = append(keys, fmt.Sprintf("map[AttributeName:%s KeyType:%s]", *k.AttributeName, k.KeyType))
	}
	for _, a := range made.AttributeDefinitions {
		kinds = append(kinds, fmt.Sprintf("map[AttributeName:%s AttributeType:%s]", *a.AttributeName, a.AttributeType))
	}
	for key, value := range map[string]string{
		"KeySchema": fmt.Sprint(keys), "AttributeDefinitions": fmt.Sprint(kinds), "BillingMode": string(made.BillingMode),
		"PointInTimeRecoverySpecification": "map[PointInTimeRecoveryEnabled:true]", "DeletionProtectionEnabled": "true",
		"OnDemandThroughput": "map[MaxReadRequestUnits:map[Ref:MaxReadUnits] MaxWriteRequestUnits:map[Ref:MaxWriteUnits]]",
	} {
		faults = append(faults, want(key, t.get("Table", key), value)...)
	}
	if ttl := t.get("Table", "TimeToLiveSpecification"); at(ttl, "Enabled") != "true" || !slices.Contains(c.attributes, fmt.Sprint(at(ttl, "AttributeName"))) {
		faults = append(faults, fmt.Sprintf("TimeToLiveSpecification is %v, which no item has", ttl))
	}
	for _, key := range []string{"DeletionPolicy", "UpdateReplacePolicy"} {
		faults = append(faults, want(key, at(t.root, "Resources", "Table", key), "Retain")...)
	}
	return faults
}

// timeFaults: whoever waits for a function waits longer than it may take.
func timeFaults(t template, _ code) (faults []string) {
	seconds := func(name string) int {
		n, _ := strconv.Atoi(fmt.Sprint(t.get(name, "Timeout")))
		return n
	}
	routes, _ := t.get("SocketApi", "Routes").(map[string]any)
	for key, route := range routes {
		wait, _ := strconv.Atoi(fmt.Sprint(at(route, "IntegrationTimeout")))
		if wait <= seconds("SocketFunction")*1000 || wait > 29000 {
			faults = append(faults, fmt.Sprintf("API Gateway waits for %s %d ms, of at most 29,000, for a function that has %d s", key, wait, seconds("SocketFunction")))
		}
	}
	if s := seconds("HttpFunction"); s <= 15 {
		faults = append(faults, fmt.Sprintf("HttpFunction has %d s, a request of core/httpapi 15", s))
	}
	wait, _ := strconv.Atoi(fmt.Sprint(at(t.origin("http"), "CustomOriginConfig", "OriginReadTimeout")))
	if wait <= seconds("HttpFunction") {
		faults = append(faults, fmt.Sprintf("CloudFront waits %d s for a function that has %d", wait, seconds("HttpFunction")))
	}
	if s := seconds("SweepFunction"); s == 0 || s >= 60 {
		faults = append(faults, fmt.Sprintf("SweepFunction has %d s, and the next comes after 60", s))
	}
	if s := seconds("AssistFunction"); s < 60 {
		faults = append(faults, fmt.Sprintf("AssistFunction has %d s, an answer and its summary up to 45", s))
	}
	faults = append(faults, want("EventInvokeConfig of AssistFunction", t.get("AssistFunction", "EventInvokeConfig"), "map[MaximumEventAgeInSeconds:60 MaximumRetryAttempts:0]")...)
	minute := t.get("SweepFunction", "Events", "Minute", "Properties")
	faults = append(faults, want("ScheduleExpression", at(minute, "ScheduleExpression"), "rate(1 minute)")...)
	return append(faults, want("RetryPolicy", at(minute, "RetryPolicy"), "map[MaximumEventAgeInSeconds:60 MaximumRetryAttempts:0]")...)
}
