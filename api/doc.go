// Package api is the interface for other programs, /api/v1, at every kind of node.
//
// It owns the table of operations with the types of their answers (table.go, types.go), the errors as problem+json (RFC 9457), requests that are carried out once
// (Idempotency-Key), cursors, bounds, and the OpenAPI 3.1 document, which is made from the same table and types. It knows no post and no headquarters: a node says who a program is, what
// it may, and what the answers are.
//
// A program is known by the key of its TLS certificate, as an authority's supervisor accepted it. None of the operations decides about a person, and none can be added for that: the register
// gives programs no such power (marz/programs).
package api
