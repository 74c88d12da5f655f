package host_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"kefu/functions/internal/gateway"
	"kefu/functions/internal/host"
)

// environment is one that is in order, but for what is changed.
func environment(table string, change ...string) func(string) string {
	vars := map[string]string{
		gateway.EndpointVariable: "https://abc.execute-api.eu-central-1.amazonaws.com/ws", "AWS_REGION": "us-east-1",
		"AWS_ACCESS_KEY_ID": "AK", "AWS_SECRET_ACCESS_KEY": "the secret key", host.TableVariable: table, host.DynamoVariable: dbURL,
	}
	for i := 0; i < len(change); i += 2 {
		vars[change[i]] = change[i+1]
	}
	return func(name string) string { return vars[name] }
}

func open(t *testing.T, getenv func(string) string) (*host.Host, error) {
	return host.Open(t.Context(), host.Options{Getenv: getenv, Now: time.Now, Out: io.Discard})
}

// TestCollector: where Lambda says how much memory there is, it is used before it
// is collected, and never run out of.
func TestCollector(t *testing.T) {
	percent, limit := debug.SetGCPercent(-1), debug.SetMemoryLimit(-1)
	debug.SetGCPercent(percent)
	t.Cleanup(func() { debug.SetGCPercent(percent); debug.SetMemoryLimit(limit) })
	if _, err := open(t, environment(newTable(t), host.MemoryVariable, "256")); err != nil {
		t.Fatal(err)
	}
	if p, l := debug.SetGCPercent(percent), debug.SetMemoryLimit(-1); p != 400 || l >= 256<<20 || l < 128<<20 {
		t.Errorf("collected at %d%%, at most %d bytes", p, l)
	}
}

// TestOpen: what is missing or wrong is said in one sentence that names it.
func TestOpen(t *testing.T) {
	table := newTable(t)
	if _, err := open(t, environment(table)); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name    string
		change  []string
		wording string
	}{
		{"no table", []string{host.TableVariable, ""}, "KEFU_TABLE is not set"},
		{"a table that is absent", []string{host.TableVariable, "nowhere"}, "the table nowhere (KEFU_TABLE) can not be used: there is no such DynamoDB table"},
		{"no endpoint", []string{gateway.EndpointVariable, ""}, "KEFU_WS_ENDPOINT"},
		{"no region", []string{"AWS_REGION", ""}, "AWS_REGION"},
		{"no keys", []string{"AWS_ACCESS_KEY_ID", ""}, "AWS_ACCESS_KEY_ID"},
		{"a level that is none", []string{host.LevelVariable, "LOUD"}, "KEFU_LOG_LEVEL"},
		{"a size that is none", []string{host.MemoryVariable, "256 MB"}, "AWS_LAMBDA_FUNCTION_MEMORY_SIZE"},
		{"a short key", []string{"KEFU_EDGE_KEY", "short"}, "KEFU_EDGE_KEY"},
		{"a database elsewhere, in the clear", []string{host.DynamoVariable, "http://db.example:8000"}, "AWS_ENDPOINT_URL_DYNAMODB"},
		{"a database that is no URL", []string{host.DynamoVariable, "://"}, "AWS_ENDPOINT_URL_DYNAMODB"},
		{"a bucket that is none", []string{host.BucketVariable, "s3://files"}, "KEFU_BUCKET"},
		{"a bucket elsewhere, in the clear", []string{host.BucketVariable, "files", host.S3Variable, "http://s3.example"}, "AWS_ENDPOINT_URL_S3"},
		{"webhooks to this machine, where the table is not on it", []string{host.LoopbackVariable, "true", host.DynamoVariable, "https://dynamodb.us-east-1.amazonaws.com"}, "LOCAL_WEBHOOKS is for a table on this machine"},
		{"the same, in a deployment", []string{host.LoopbackVariable, "true", host.DynamoVariable, ""}, "LOCAL_WEBHOOKS"},
		{"neither yes nor no", []string{host.LoopbackVariable, "no"}, "LOCAL_WEBHOOKS"},
		{"a database nowhere", []string{host.DynamoVariable, "http:///x"}, "AWS_ENDPOINT_URL_DYNAMODB"},
	} {
		_, err := open(t, environment(table, c.change...))
		if err == nil || !strings.Contains(err.Error(), c.wording) || strings.Contains(err.Error(), "the secret key") || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// TestOtherSchema: a table of another release is not touched.
func TestOtherSchema(t *testing.T) {
	table := newTable(t)
	_, err := db.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: &table, Item: map[string]types.AttributeValue{
		"pk": &types.AttributeValueMemberS{Value: "store"}, "sk": &types.AttributeValueMemberS{Value: "store"},
		"v": &types.AttributeValueMemberS{Value: "x"}, "schema": &types.AttributeValueMemberN{Value: "7"},
	}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err = open(t, environment(table)); err == nil || !strings.Contains(err.Error(), "has schema 7") {
		t.Errorf("it is opened: %v", err)
	}
}

// secrets is Secrets Manager as far as it is called.
func secrets(t *testing.T, status int, answer string) string {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var in map[string]string
		err := json.NewDecoder(r.Body).Decode(&in)
		auth := r.Header.Get("Authorization")
		if err != nil || in["SecretId"] != "arn:of:it" || r.Header.Get("X-Amz-Target") != "secretsmanager.GetSecretValue" ||
			!strings.Contains(auth, "/us-east-1/secretsmanager/aws4_request") || !strings.Contains(auth, "SignedHeaders=content-length;content-type;host;x-amz-date;x-amz-target") {
			t.Errorf("the call is %v %v %v", r.Header, in, err)
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, answer)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// TestBootstrap: the first account has the password that the environment
// names. Without one there is none, and a sentence that says so.
func TestBootstrap(t *testing.T) {
	good := secrets(t, 200, `{"SecretString":"generated by AWS"}`)
	for _, c := range []struct {
		name     string
		change   []string
		password string // "": an error
		wording  string
	}{
		{"by a variable", []string{host.PasswordVariable, "correct horse"}, "correct horse", ""},
		{"by a secret", []string{host.SecretVariable, "arn:of:it", host.SecretsVariable, good}, "generated by AWS", ""},
		{"a secret comes first", []string{host.SecretVariable, "arn:of:it", host.SecretsVariable, good, host.PasswordVariable, "correct horse"}, "generated by AWS", ""},
		{"neither", nil, "", "set KEFU_ADMIN_PASSWORD_SECRET to the ARN of a secret, or KEFU_ADMIN_PASSWORD"},
		{"too short", []string{host.PasswordVariable, "x"}, "", "KEFU_ADMIN_PASSWORD"},
		{
			"not allowed", []string{host.SecretVariable, "arn:of:it", host.SecretsVariable, secrets(t, 400, `{"__type":"AccessDeniedException","message":"no"}`)},
			"", "KEFU_ADMIN_PASSWORD_SECRET names can not be read: AWS answers 400 AccessDeniedException",
		},
		{"an empty one", []string{host.SecretVariable, "arn:of:it", host.SecretsVariable, secrets(t, 200, `{}`)}, "", "it is empty"},
		{"in the clear", []string{host.SecretVariable, "arn:of:it", host.SecretsVariable, "http://secrets.example"}, "", "AWS_ENDPOINT_URL_SECRETS_MANAGER"},
	} {
		table := newTable(t)
		getenv := environment(table, c.change...)
		h, err := open(t, getenv)
		if err != nil {
			t.Fatal(err)
		}
		err = h.Bootstrap(t.Context(), getenv)
		if c.password == "" {
			if err == nil || !strings.Contains(err.Error(), c.wording) {
				t.Errorf("%s: %v", c.name, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		_ = h.Do(t.Context(), func(ctx context.Context) {
			if _, _, err := h.Desk().Login(ctx, "admin", c.password, "", "192.0.2.1"); err != nil {
				t.Errorf("%s: %v", c.name, err)
			}
		})
		if err := h.Bootstrap(t.Context(), environment(table)); err != nil {
			t.Errorf("%s, once there is an account: %v", c.name, err)
		}
	}
}
