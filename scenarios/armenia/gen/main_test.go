package main

import (
	"bytes"
	"testing"

	"marz/scenarios/armenia"
)

// The committed list must be what the generator writes, else nobody could tell how it came about.
func TestListIsCurrent(t *testing.T) {
	want, err := list()
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(want, armenia.FictionalList()) {
		t.Error("lists/fictional.jsonl is not what the generator writes; run go generate ./scenarios/armenia")
	}
}
