// Command schemas writes JSON Schemas of Kubernetes objects for kubeconform,
// which else fetches them from somebody's web site at each run.
//
//	schemas -kubernetes DIR -crds DIR -out DIR
//
// -kubernetes is the Go module k8s.io/kubernetes, whose OpenAPI document has
// every kind of its own; -crds has the YAML of CustomResourceDefinitions. Each
// kind becomes KIND-GROUP-VERSION.json, in lower case, as kubeconform asks for
// it; no property is allowed that is not described.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strings"

	"sigs.k8s.io/yaml"
)

func main() {
	kubernetes := flag.String("kubernetes", "", "directory of the module k8s.io/kubernetes")
	crds := flag.String("crds", "", "directory of CustomResourceDefinitions")
	out := flag.String("out", "", "directory to write to")
	flag.Parse()
	log.SetFlags(0)
	if err := write(*kubernetes, *crds, *out); err != nil {
		log.Fatal(err)
	}
}

type schema = map[string]any

func write(kubernetes, crds, out string) error {
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	builtin, err := builtins(filepath.Join(kubernetes, "api", "openapi-spec", "swagger.json"), out)
	if err != nil {
		return err
	}
	files, err := filepath.Glob(filepath.Join(crds, "*.yaml"))
	if err != nil {
		return err
	}
	for _, file := range files {
		if err := custom(file, out); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
	}
	if builtin < 50 || len(files) == 0 {
		return fmt.Errorf("%d kinds of Kubernetes and %d of others were found, which is too few", builtin, len(files))
	}
	fmt.Printf("%d kinds of Kubernetes, %d of others\n", builtin, len(files))
	return nil
}

// builtins writes a file for each kind of Kubernetes' own. The definitions refer
// to each other, so they all go into one more file.
func builtins(swagger, out string) (n int, err error) {
	data, err := os.ReadFile(swagger)
	if err != nil {
		return 0, err
	}
	var document struct{ Definitions map[string]schema }
	if err := json.Unmarshal(data, &document); err != nil {
		return 0, err
	}
	type kind struct{ Group, Version, Kind string }
	for name, d := range document.Definitions {
		close(d)
		raw, err := json.Marshal(d["x-kubernetes-group-version-kind"])
		if err != nil {
			return 0, err
		}
		var kinds []kind
		if err := json.Unmarshal(raw, &kinds); err != nil || len(kinds) != 1 {
			continue // a part of others, or an option of every group
		}
		k := kinds[0]
		if err := save(out, k.Kind, k.Group, k.Version, schema{"$ref": "_definitions.json#/definitions/" + name}); err != nil {
			return 0, err
		}
		n++
	}
	definitions, err := json.Marshal(schema{"definitions": document.Definitions})
	if err != nil {
		return 0, err
	}
	// What stands for a number or a text is a text in the document.
	text := strings.ReplaceAll(string(definitions), `"format":"int-or-string","type":"string"`, `"type":["string","integer"]`)
	return n, os.WriteFile(filepath.Join(out, "_definitions.json"), []byte(text), 0o600)
}

// custom writes a file for each version of a CustomResourceDefinition.
func custom(file, out string) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var crd struct {
		Spec struct {
			Group    string
			Names    struct{ Kind string }
			Versions []struct {
				Name   string
				Schema struct{ OpenAPIV3Schema schema }
			}
		}
	}
	if err := yaml.Unmarshal(data, &crd); err != nil {
		return err
	}
	for _, v := range crd.Spec.Versions {
		s := v.Schema.OpenAPIV3Schema
		if properties, ok := s["properties"].(schema); ok {
			properties["metadata"] = schema{"type": "object"}
		}
		walk(s)
		if err := save(out, crd.Spec.Names.Kind, crd.Spec.Group, v.Name, s); err != nil {
			return err
		}
	}
	return nil
}

// walk closes every object in a schema, and says of what is a number or a text
// that it is.
func walk(v any) {
	switch v := v.(type) {
	case schema:
		if v["x-kubernetes-int-or-string"] == true {
			delete(v, "anyOf")
			v["type"] = []string{"string", "integer"}
		}
		close(v)
		for _, inner := range v {
			walk(inner)
		}
	case []any:
		for _, inner := range v {
			walk(inner)
		}
	}
}

// close allows an object no properties but those that are described.
func close(s schema) {
	properties, described := s["properties"].(schema)
	_, open := s["additionalProperties"]
	if described && len(properties) > 0 && !open && s["type"] == "object" && s["x-kubernetes-preserve-unknown-fields"] != true {
		s["additionalProperties"] = false
	}
}

func save(out, kind, group, version string, s schema) error {
	data, err := json.Marshal(s)
	if err != nil {
		return err
	}
	first, _, _ := strings.Cut(group, ".") // as kubeconform has it
	name := strings.ToLower(kind)
	if first != "" {
		name += "-" + first
	}
	return os.WriteFile(filepath.Join(out, strings.ToLower(name+"-"+version)+".json"), data, 0o600)
}
