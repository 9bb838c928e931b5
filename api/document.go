package api

import (
	"encoding/json"
	"strings"

	"marz"
)

// about is what the document says of the interface as a whole.
const about = "What other programs may ask of a node of Marz. A program shows its TLS client certificate and is known by the SHA-256 of its public key, as a supervisor of an authority accepted it, for a purpose and for named actions. " +
	"Every request is asked of the register like an officer's act: what no article in force gives the authority is refused, and access ends with the authority's. Nothing here decides about a person. " +
	"Reading a person's record is an entry of the journal, with a reason. Errors are problem+json (RFC 9457). Instants are RFC 3339 in UTC. A field that is not always there says so by not being required; programs should pass over fields that they do not know."

// makeDocument makes the OpenAPI 3.1 document from the routes.
func makeDocument[C any](cfg *Config[C]) []byte {
	all := schemas{}
	problem := object{"description": "A problem (RFC 9457).", "content": object{"application/problem+json": object{"schema": all.of(problemType)}}}
	paths := object{}
	for i := range cfg.Routes {
		rt := &cfg.Routes[i]
		path, _ := paths[rt.Path].(object)
		if path == nil {
			path = object{}
			paths[rt.Path] = path
		}
		path[strings.ToLower(rt.Method)] = rt.document(all)
	}
	components := object{}
	for name, schema := range all {
		components[name] = schema
	}
	b, err := json.MarshalIndent(object{
		"openapi":  "3.1.0",
		"info":     object{"title": "Marz, " + cfg.Node, "version": cfg.Version, "description": about, "license": object{"name": "Apache-2.0", "identifier": "Apache-2.0"}},
		"servers":  []object{{"url": Prefix}},
		"paths":    paths,
		"security": []object{{"certificate": []string{}}},
		"components": object{"schemas": components, "responses": object{"Problem": problem},
			"securitySchemes": object{"certificate": object{"type": "mutualTLS", "description": "The program's own certificate. Who issued it, and its dates, do not matter."}}},
	}, "", " ")
	if err != nil {
		panic("api: the document always has JSON: " + err.Error())
	}
	return append(b, '\n')
}

// document describes one operation.
func (rt *Route[C]) document(all schemas) object {
	gives := rt.Gives
	if gives == "" {
		gives = "application/json"
	}
	responses := object{
		"200": object{"description": "The answer.", "content": object{gives: object{"schema": all.of(rt.Answer)}}},
		"4XX": object{"$ref": "#/components/responses/Problem"},
		"5XX": object{"$ref": "#/components/responses/Problem"},
	}
	if !rt.Acts && !rt.Reads {
		responses["304"] = object{"description": "The answer is the one whose ETag If-None-Match names."}
	}
	out := object{"operationId": rt.Name, "summary": rt.Summary, "description": rt.doc(), "responses": responses}
	var params []object
	for _, p := range rt.params() {
		schema := object{"type": p.Type}
		if p.Type == "date-time" {
			schema = object{"type": "string", "format": "date-time"}
		}
		params = append(params, object{"name": p.Name, "in": p.In, "required": p.Required || p.In == "path", "description": p.Doc, "schema": schema})
	}
	if params != nil {
		out["parameters"] = params
	}
	if rt.Takes != "" {
		out["requestBody"] = object{"required": true, "content": object{rt.Takes: object{"schema": object{"type": "object"}}}}
	}
	return out
}

// doc is what stands under an operation's summary: what it does, and what it needs.
func (rt *Route[C]) doc() string {
	var needs []string
	switch {
	case rt.Action == "":
		needs = append(needs, "any program that shows a certificate")
	default:
		needs = append(needs, "a program that is accepted for "+string(rt.Action)+", and an article that gives it to its authority")
	}
	if rt.Action == marz.ActReadRecord {
		needs = append(needs, "an article that opens the fields; those that none opens are empty")
	}
	return rt.Doc + " Needs " + strings.Join(needs, "; ") + "."
}
