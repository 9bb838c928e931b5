// Package chip talks to the chip of a travel document: it opens it by what is printed on the document (Basic Access Control and Password Authenticated Connection Establishment, ICAO 9303-11), reads its files over a protected
// channel, and asks it to prove that it is no copy.
//
// The other side is here as well: Virtual is a passport in memory that speaks the same protocols, with faults on command.
//
// It owns commands and responses (ISO 7816-4), secure messaging, the access protocols and reading. It knows nothing of what files mean or who signed them, and of readers only that they pass a command on and bring the
// response back.
//
// It promises: nothing that comes from a chip is believed before its checksum was right; whatever a chip answers, there is no panic, and no more memory and commands than a document can need; keys and contents are in no error.
package chip
