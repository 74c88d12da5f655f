package host

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"kefu/core"
	"kefu/functions/internal/gateway"
)

// Bootstrap makes the first account, if there is none yet, with the password
// that the environment names. There is no default one, and none is ever shown:
// without a password the error says which variables name one.
func (h *Host) Bootstrap(ctx context.Context, getenv func(string) string) error {
	staff, err := h.Store.Accounts(ctx)
	if err != nil || len(staff) > 0 {
		return startError(getenv(TableVariable), err)
	}
	password, err := passwordOf(ctx, getenv, h.Now())
	if err != nil {
		return err
	}
	_, err = h.desk.Bootstrap(ctx, password)
	if core.CodeOf(err) == core.Invalid {
		return fmt.Errorf("the first password (%s, %s) will not do: %w", SecretVariable, PasswordVariable, err)
	}
	return err
}

func passwordOf(ctx context.Context, getenv func(string) string, now time.Time) (string, error) {
	if arn := getenv(SecretVariable); arn != "" {
		return secret(ctx, getenv, arn, now)
	}
	if password := getenv(PasswordVariable); password != "" {
		return password, nil
	}
	return "", fmt.Errorf("there is no account yet, and no password for the first one: set %s to the ARN of a secret, or %s", SecretVariable, PasswordVariable)
}

const secretTime = 5 * time.Second

// secret reads a secret of Secrets Manager: one call, signed, which is all that
// we would use of the SDK's module for it.
func secret(ctx context.Context, getenv func(string) string, arn string, now time.Time) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, secretTime)
	defer cancel()
	region, endpoint := getenv("AWS_REGION"), getenv(SecretsVariable)
	if err := checkEndpoint(SecretsVariable, endpoint); err != nil {
		return "", err
	}
	if endpoint == "" {
		endpoint = "https://secretsmanager." + region + ".amazonaws.com"
		if strings.HasPrefix(region, "cn-") {
			endpoint += ".cn"
		}
	}
	body, err := json.Marshal(map[string]string{"SecretId": arn})
	if err != nil {
		return "", err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, endpoint+"/", bytes.NewReader(body))
	if err != nil {
		return "", err
	}
	req.Header.Set("Content-Type", "application/x-amz-json-1.1")
	req.Header.Set("X-Amz-Target", "secretsmanager.GetSecretValue")
	keys, err := gateway.Credentials(getenv)(ctx)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(body)
	if err := v4.NewSigner().SignHTTP(ctx, keys, req, hex.EncodeToString(sum[:]), "secretsmanager", region, now); err != nil {
		return "", err
	}
	value, err := secretOf(req)
	if err != nil {
		return "", fmt.Errorf("the secret that %s names can not be read: %w", SecretVariable, err)
	}
	return value, nil
}

// secretOf sends the call. The answer is never part of an error.
func secretOf(req *http.Request) (string, error) {
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer func() { _ = res.Body.Close() }()
	data, err := io.ReadAll(io.LimitReader(res.Body, 128<<10)) // a secret has 64 KiB at most
	var answer struct {
		Kind         string `json:"__type"`
		SecretString string
	}
	switch bad := json.Unmarshal(data, &answer); {
	case err != nil:
		return "", err
	case res.StatusCode != http.StatusOK:
		return "", fmt.Errorf("AWS answers %d %s", res.StatusCode, answer.Kind)
	case bad != nil || answer.SecretString == "":
		return "", errors.New("it is empty")
	}
	return answer.SecretString, nil
}
