package functions_test

import (
	"reflect"
	"testing"
	"testing/fstest"
)

// TestReach: what counts is what main leads to, not what lies beside it.
func TestReach(t *testing.T) {
	for name, c := range map[string]struct {
		files map[string]string
		want  reached
	}{
		"a variable, by its constant, in another package": {map[string]string{
			"functions/f/main.go": `package main
				import "kefu/functions/internal/host"
				func main() { host.Open(nil) }`,
			"functions/internal/host/open.go": `package host
				const ( table = "KEFU_TABLE"; base = "KEFU_A"; secret = base + "_SECRET" )
				func Open(getenv func(string) string) { getenv(table); getenv(secret) }
				func Other() string { return "KEFU_OTHER" }`,
			"functions/internal/host/open_test.go": `package host
				const t = "KEFU_TEST"`,
		}, reached{variables: []string{"KEFU_A", "KEFU_A_SECRET", "KEFU_TABLE"}}},
		"a call of AWS, in a method of a type that is reached": {map[string]string{
			"functions/f/main.go": `package main
				import d "kefu/functions/internal/dynamo"
				func main() { st := d.New(); st.Load() }`,
			"functions/internal/dynamo/store.go": `package dynamo
				import "github.com/aws/aws-sdk-go-v2/service/dynamodb"
				type API interface {
					GetItem(*dynamodb.GetItemInput)
					PutItem(*dynamodb.PutItemInput)
					DeleteItem(*dynamodb.DeleteItemInput)
				}
				type Store struct { API API }
				type Other struct { API API }
				func New() *Store { return &Store{} }
				func (st *Store) Load() { st.get() }
				func (st *Store) get() { st.API.GetItem(nil) }
				func (st *Store) Commit() { st.API.PutItem(nil) }
				func (o Other) Load() { o.API.DeleteItem(nil) }`,
		}, reached{actions: []string{"dynamodb:GetItem"}, services: []string{"dynamodb"}}},
		"a push, through an interface": {map[string]string{
			"functions/f/main.go": `package main
				import "kefu/functions/internal/gateway"
				type pusher interface { Push() }
				func main() { run(gateway.New(nil)) }
				func run(p pusher) { p.Push() }`,
			"functions/internal/gateway/gateway.go": `package gateway
				const ( mayPost = "execute-api:ManageConnections POST"; mayDelete = "execute-api:ManageConnections DELETE" )
				type Pusher[T any] struct {}
				func New(a any) *Pusher[int] { return &Pusher[int]{} }
				func (p *Pusher[T]) Push() { p.call(mayPost) }
				func (p *Pusher[T]) Close() { p.call(mayDelete) }
				func (p *Pusher[T]) call(right string) {}`,
		}, reached{actions: []string{"execute-api:ManageConnections"}, posts: []string{"POST"}}},
		"a call that is signed by hand": {map[string]string{
			"functions/f/main.go": `package main
				func main() { call("secretsmanager.GetSecretValue") }
				func call(target string) {}
				func unused() { call("secretsmanager.PutSecretValue") }`,
		}, reached{actions: []string{"secretsmanager:GetSecretValue"}}},
		"a call of a bucket, and what was signed for somebody else": {map[string]string{
			"functions/f/main.go": `package main
				import "kefu/core/blob/s3"
				func main() { var s s3.Store; s.Open(); s.Post() }`,
			"core/blob/s3/s3.go": `package s3
				type Store struct {}
				func (s *Store) Open() { s.call("s3:GetObject") }
				func (s *Store) Post() { const _ = "s3:PutObject" }
				func (s *Store) Delete() { s.call("s3:DeleteObject") }
				func (s *Store) call(action string) {}`,
		}, reached{actions: []string{"s3:GetObject", "s3:PutObject"}}},
	} {
		t.Run(name, func(t *testing.T) {
			fsys := fstest.MapFS{}
			for file, text := range c.files {
				fsys[file] = &fstest.MapFile{Data: []byte(text)}
			}
			got := (&source{t, fsys, map[string]*goPackage{}}).from("f")
			got.literals = nil
			if !reflect.DeepEqual(got, c.want) {
				t.Errorf("got  %+v\nwant %+v", got, c.want)
			}
		})
	}
}
