package dynalite_test

import (
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"kefu/functions/internal/dynalite"
)

func TestStart(t *testing.T) {
	s, err := dynalite.Start(t.Context(), filepath.Join("../../..", dynalite.Dir))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(s.Endpoint, "http://127.0.0.1:") {
		t.Errorf("it listens at %s, not only for this machine", s.Endpoint)
	}
	if err := s.Close(); err != nil {
		t.Errorf("it did not end by itself: %v", err)
	}
	res, err := http.Get(s.Endpoint)
	if err == nil {
		_ = res.Body.Close()
		t.Error("it still answers")
	}
}

// TestNotInstalled: whoever has not installed it is told how to.
func TestNotInstalled(t *testing.T) {
	_, err := dynalite.Start(t.Context(), t.TempDir())
	if err == nil || !strings.Contains(err.Error(), "make setup") {
		t.Fatalf("the error is %v", err)
	}
}

// TestOpen: what was written is there again, in a process of its own.
func TestOpen(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	table := "kefu"
	for i := range 2 {
		s, err := dynalite.Open(t.Context(), filepath.Join("../../..", dynalite.Dir), data)
		if err != nil {
			t.Fatal(err)
		}
		db := dynamodb.New(dynamodb.Options{Region: "us-east-1", BaseEndpoint: &s.Endpoint, Credentials: dynalite.Credentials()})
		tables, err := db.ListTables(t.Context(), &dynamodb.ListTablesInput{})
		if err != nil || len(tables.TableNames) != i {
			t.Errorf("start %d: %v, %v", i, tables, err)
		}
		_, err = db.CreateTable(t.Context(), &dynamodb.CreateTableInput{
			TableName: &table, BillingMode: types.BillingModePayPerRequest,
			AttributeDefinitions: []types.AttributeDefinition{{AttributeName: &table, AttributeType: types.ScalarAttributeTypeS}},
			KeySchema:            []types.KeySchemaElement{{AttributeName: &table, KeyType: types.KeyTypeHash}},
		})
		if exists := err != nil; exists != (i == 1) {
			t.Errorf("start %d: %v", i, err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}
