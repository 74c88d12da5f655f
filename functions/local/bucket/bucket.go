package bucket

import (
	"bytes"
	"encoding/xml"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// Options are what a Bucket is made of. All but Dir are required.
type Options struct {
	Name, Region string
	Credentials  aws.Credentials
	Now          func() time.Time
	Dir          string // where objects are kept; "": in memory
}

// Bucket is the bucket, as an http.Handler.
type Bucket struct {
	Options

	mu      sync.Mutex
	objects map[string]object // guarded by mu; by key
}

// object is what is stored. It never changes.
type object struct {
	Key    string
	Header map[string]string // Content-Type and x-amz-meta-…, in lower case
	At     time.Time
	data   []byte
}

const maxObject = 64 << 20

// refusal is an answer of S3 that is none of 2xx.
type refusal struct {
	XMLName xml.Name `xml:"Error"`
	Code    string
	Message string
	status  int
}

func no(status int, code, message string) *refusal {
	return &refusal{Code: code, Message: message, status: status}
}

// ServeHTTP implements http.Handler.
func (b *Bucket) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if origin := r.Header.Get("Origin"); origin != "" {
		w.Header().Set("Access-Control-Allow-Origin", "*")
		w.Header().Set("Access-Control-Allow-Methods", "POST")
	}
	if said := b.serve(w, r); said != nil {
		w.Header().Set("Content-Type", "application/xml")
		w.WriteHeader(said.status)
		if r.Method != http.MethodHead {
			_ = xml.NewEncoder(w).Encode(said) // the client may have gone
		}
	}
}

func (b *Bucket) serve(w http.ResponseWriter, r *http.Request) *refusal {
	name, key, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	switch {
	case name != b.Name:
		return no(http.StatusNotFound, "NoSuchBucket", "The specified bucket does not exist")
	case r.Method == http.MethodOptions:
		w.WriteHeader(http.StatusOK)
		return nil
	case r.Method == http.MethodPost && key == "":
		return b.form(w, r)
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxObject))
	if err != nil {
		return no(http.StatusBadRequest, "IncompleteBody", "You did not provide the number of bytes specified by the Content-Length HTTP header")
	}
	if err := b.signed(r, body); err != nil {
		return no(http.StatusForbidden, "SignatureDoesNotMatch", err.Error())
	}
	switch {
	case key == "" && r.Method == http.MethodGet:
		return b.list(w, r)
	case key == "":
	case r.Method == http.MethodPut:
		return b.put(w, object{Key: key, Header: kept(r.Header), At: b.Now(), data: body})
	case r.Method == http.MethodGet || r.Method == http.MethodHead:
		return b.get(w, r, key)
	case r.Method == http.MethodDelete:
		return b.remove(w, key)
	}
	return no(http.StatusMethodNotAllowed, "MethodNotAllowed", "The specified method is not allowed against this resource.")
}

// kept is what of the headers of a PUT, or the fields of a form, stays with an
// object.
func kept[M ~map[string][]string](of M) map[string]string {
	out := map[string]string{}
	for name, values := range of {
		if name = strings.ToLower(name); name == "content-type" || strings.HasPrefix(name, "x-amz-meta-") {
			out[name] = values[0]
		}
	}
	return out
}

func (b *Bucket) put(w http.ResponseWriter, o object) *refusal {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := b.save(o); err != nil {
		return no(http.StatusInternalServerError, "InternalError", err.Error())
	}
	b.objects[o.Key] = o
	w.WriteHeader(http.StatusOK)
	return nil
}

func (b *Bucket) get(w http.ResponseWriter, r *http.Request, key string) *refusal {
	b.mu.Lock()
	o, ok := b.objects[key]
	b.mu.Unlock()
	if !ok {
		return no(http.StatusNotFound, "NoSuchKey", "The specified key does not exist.")
	}
	for name, value := range o.Header {
		w.Header().Set(name, value)
	}
	for parameter, header := range map[string]string{"response-content-type": "Content-Type", "response-content-disposition": "Content-Disposition"} {
		if value := r.URL.Query().Get(parameter); value != "" {
			w.Header().Set(header, value)
		}
	}
	http.ServeContent(w, r, "", o.At, bytes.NewReader(o.data))
	return nil
}

func (b *Bucket) remove(w http.ResponseWriter, key string) *refusal {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := b.drop(key); err != nil {
		return no(http.StatusInternalServerError, "InternalError", err.Error())
	}
	delete(b.objects, key)
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// listing answers ListObjectsV2.
type listing struct {
	XMLName     xml.Name `xml:"ListBucketResult"`
	Name        string
	Prefix      string
	KeyCount    int
	IsTruncated bool
	Contents    []listed
}

type listed struct {
	Key  string
	Size int
}

func (b *Bucket) list(w http.ResponseWriter, r *http.Request) *refusal {
	q := r.URL.Query()
	most, err := strconv.Atoi(q.Get("max-keys"))
	if err != nil || most < 0 || q.Get("list-type") != "2" {
		return no(http.StatusBadRequest, "InvalidArgument", "list-type=2 and max-keys are expected")
	}
	l := listing{Name: b.Name, Prefix: q.Get("prefix")}
	b.mu.Lock()
	for key, o := range b.objects {
		if strings.HasPrefix(key, l.Prefix) {
			l.Contents = append(l.Contents, listed{key, len(o.data)})
		}
	}
	b.mu.Unlock()
	slices.SortFunc(l.Contents, func(x, y listed) int { return strings.Compare(x.Key, y.Key) })
	if l.IsTruncated = len(l.Contents) > most; l.IsTruncated {
		l.Contents = l.Contents[:most]
	}
	l.KeyCount = len(l.Contents)
	w.Header().Set("Content-Type", "application/xml")
	_ = xml.NewEncoder(w).Encode(l) // the client may have gone
	return nil
}
