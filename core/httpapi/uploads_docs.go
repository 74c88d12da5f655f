package httpapi

import (
	"net/http"
	"reflect"

	"github.com/danielgtaylor/huma/v2"

	"kefu/core/wire"
)

// fileTransfer describes what uploads.go serves beside the operations.
func (a *api) fileTransfer() {
	if a.Uploads == nil {
		return
	}
	a.describeUpload()
	a.describeFile()
}

func (a *api) describeUpload() {
	op := &huma.Operation{
		OperationID: "create-upload", Method: http.MethodPost, Path: "/v1/uploads", Tags: []string{"files"},
		Summary: "Upload a file",
		Description: "A form, with its fields in this order: token (a visitor's; agents have the Authorization header instead, and name the " +
			"conversation), name, and last the file. It may come from pages of any origin that the site admits. What the file is, its first " +
			"bytes say; images are made anew without what they say of where they were taken. Uploaded is not sent: a message names the url " +
			"of the answer, within 23 hours. Where the welcome says so (post), size and mime take the place of the file, which then goes, " +
			"with the fields of the answer, to its post.url.",
		Errors: []int{http.StatusUnauthorized, http.StatusForbidden, http.StatusTooManyRequests, http.StatusNotImplemented},
	}
	a.describe(op)
	delete(op.Responses, "415") // a wrong Content-Type is 400 here
	text := func(about string) *huma.Schema { return &huma.Schema{Type: huma.TypeString, Description: about} }
	op.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{"multipart/form-data": {Schema: &huma.Schema{
		Type: huma.TypeObject, Properties: map[string]*huma.Schema{
			"token": text("Of a visitor's welcome."), "conversation": text("Where an agent wants to send it."), "name": text("What the sender calls it."),
			"size": text("Bytes, where the file goes elsewhere."), "mime": text("Of the file, where it goes elsewhere."),
			"file": {Type: huma.TypeString, Format: "binary"},
		},
	}}}}
	op.Responses["201"] = &huma.Response{Description: "Stored, or where it goes", Content: map[string]*huma.MediaType{
		"application/json": {Schema: a.schema(reflect.TypeFor[wire.Uploaded]())},
	}}
	a.huma.OpenAPI().AddOperation(op)
}

func (a *api) describeFile() {
	part := func(name, about string) *huma.Param {
		return &huma.Param{Name: name, In: "path", Required: true, Description: about, Schema: &huma.Schema{Type: huma.TypeString}}
	}
	op := &huma.Operation{
		OperationID: "read-file", Method: http.MethodGet, Path: "/v1/files/{key}/{name}", Tags: []string{"files"},
		Summary: "Fetch a file",
		Description: "Whoever has the URL of a file may fetch it: nobody can guess one. Images that were made anew are shown, all else is saved. " +
			"A file whose message was taken back is gone.",
		Parameters: []*huma.Param{part("key", "Of the file."), part("name", "Of the file.")},
		Errors:     []int{http.StatusNotFound},
	}
	a.describe(op)
	op.Responses["200"] = &huma.Response{Description: "The file", Content: map[string]*huma.MediaType{
		"application/octet-stream": {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}},
	}}
	op.Responses["302"] = &huma.Response{Description: "Where it is"}
	a.huma.OpenAPI().AddOperation(op)
}
