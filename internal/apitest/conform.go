package apitest

import (
	"bytes"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// Conformance holds answers to the OpenAPI document of a node, and notes which of its fields were seen.
type Conformance struct {
	t       *testing.T
	doc     map[string]any
	schemas *jsonschema.Compiler
	seen    map[string]bool // "Schema.field"
	asked   map[string]bool // operationId
}

// NewConformance reads a document.
func NewConformance(t *testing.T, document []byte) *Conformance {
	t.Helper()
	c := &Conformance{t: t, schemas: jsonschema.NewCompiler(), seen: map[string]bool{}, asked: map[string]bool{}}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(document))
	if err != nil {
		t.Fatal(err)
	}
	c.doc = doc.(map[string]any)
	for _, s := range c.at("components", "schemas").(map[string]any) {
		s.(map[string]any)["additionalProperties"] = false // a program passes over what it does not know; here nothing is unknown
	}
	c.schemas.DefaultDraft(jsonschema.Draft2020)
	c.schemas.AssertFormat()
	if err := c.schemas.AddResource("openapi.json", doc); err != nil {
		t.Fatal(err)
	}
	return c
}

// at follows keys through the document.
func (c *Conformance) at(keys ...string) any {
	var v any = c.doc
	for _, k := range keys {
		m, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = m[k]
	}
	return v
}

// Answer holds the answer to a request of a route to what the document says of it.
func (c *Conformance) Answer(method, path string, resp *http.Response, body []byte) {
	c.t.Helper()
	operation, _ := c.at("paths", path, strings.ToLower(method)).(map[string]any)
	if operation == nil {
		c.t.Errorf("%s %s is not in the document", method, path)
		return
	}
	c.asked[operation["operationId"].(string)] = true
	status := fmt.Sprint(resp.StatusCode)
	if resp.StatusCode >= 400 {
		status = status[:1] + "XX"
	}
	response, _ := c.at("paths", path, strings.ToLower(method), "responses", status).(map[string]any)
	if ref, ok := response["$ref"].(string); ok {
		response, _ = c.at(strings.Split(strings.TrimPrefix(ref, "#/"), "/")...).(map[string]any)
	}
	content, _ := response["content"].(map[string]any)
	kind, ok := content[resp.Header.Get("Content-Type")].(map[string]any)
	if !ok {
		c.t.Errorf("%s %s: the document knows no answer %s of type %q", method, path, status, resp.Header.Get("Content-Type"))
		return
	}
	if ref, ok := kind["schema"].(map[string]any)["$ref"].(string); ok {
		c.body(method+" "+path, strings.TrimPrefix(ref, "#/components/schemas/"), body)
	}
}

func (c *Conformance) body(what, schema string, body []byte) {
	c.t.Helper()
	s, err := c.schemas.Compile("openapi.json#/components/schemas/" + schema)
	if err != nil {
		c.t.Fatal(err)
	}
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	if err == nil {
		err = s.Validate(v)
	}
	if err != nil {
		c.t.Errorf("%s: %v\n%s", what, err, body)
	}
	c.note(schema, v)
}

// note walks an answer beside its schema.
func (c *Conformance) note(schema string, v any) {
	properties, _ := c.at("components", "schemas", schema, "properties").(map[string]any)
	m, _ := v.(map[string]any)
	for name, value := range m {
		c.seen[schema+"."+name] = true
		p, _ := properties[name].(map[string]any)
		items, _ := p["items"].(map[string]any)
		if ref, ok := p["$ref"].(string); ok {
			c.note(strings.TrimPrefix(ref, "#/components/schemas/"), value)
		}
		if ref, ok := items["$ref"].(string); ok {
			for _, one := range value.([]any) {
				c.note(strings.TrimPrefix(ref, "#/components/schemas/"), one)
			}
		}
	}
}

// Missing are the fields of the document that no answer had, and the operations that were not asked.
func (c *Conformance) Missing() (out []string) {
	for schema, s := range c.at("components", "schemas").(map[string]any) {
		properties, _ := s.(map[string]any)["properties"].(map[string]any)
		for name := range properties {
			if !c.seen[schema+"."+name] {
				out = append(out, schema+"."+name)
			}
		}
	}
	for _, path := range c.doc["paths"].(map[string]any) {
		for _, operation := range path.(map[string]any) {
			if id := operation.(map[string]any)["operationId"].(string); !c.asked[id] {
				out = append(out, id)
			}
		}
	}
	slices.Sort(out)
	return out
}
