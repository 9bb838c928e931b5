package verify

import "bytes"

// The forms of docs/spec/transfer.md: members in their order.

// maxSigned is how many signatures of one kind, and how many commissions, an act may have: each costs work.
const maxSigned = 100

var (
	lanesShape = arrayOf(aName)

	casesShape = arrayOf(oneOf("early", "late", "partial", "refused", "unilateral"))

	planShape = objectOf(
		always("id", transferID), always("article", anArticle), always("place", aName), ifAny("lanes", lanesShape), always("from", aName), always("to", aName),
		always("at", anInstant), always("agreed", anInstant), ifAny("deadline", aTruth), always("clock", oneOf("sources", "commanders")), always("tolerance", aCount),
		always("destroy", arrayOf(oneOf("lists", "hits"))), ifAny("unilateral", anInstant))

	instrumentShape = objectOf(
		always("v", aCount), always("origin", text(isOrigin, "a journal's name")), always("node", someText), always("plan", planShape),
		always("readiness", arrayOf(objectOf(always("id", someText), always("state", oneOf("good", "attention", "missing")), always("value", aText), always("at", maybeInstant)))),
		always("inventory", arrayOf(objectOf(always("what", someText), always("outgoing", aCount), always("incoming", aCount), ifAny("measured", aTruth), ifAny("only", aName)))),
		always("dispositions", objectOf(always("alerts", aCount), always("adopted", aCount), always("returned", aCount), always("lapsed", aCount), always("digest", aHash))),
		always("cases", casesShape), always("after", aCount))

	evidenceShape = objectOf(
		always("officer", anOfficer), always("credential", someBytes), always("key", someBytes), always("digest", aHash), always("nonce", aHash),
		always("client", someBytes), always("authenticator", someBytes), always("signature", someBytes))

	signatureShape = objectOf(
		always("says", oneOf("arm", "disarm", "cancel", "now", "close")), always("authority", aName), ifAny("officer", anOfficer), always("digest", aHash),
		ifAny("line", someText), ifAny("passkey", evidenceShape))

	actShape = objectOf(
		always("v", aCount), always("instrument", anything), always("armed", arrayOf(signatureShape)), ifAny("commissions", arrayOf(anything)),
		always("entries", arrayOf(objectOf(always("seq", aCount), always("body", someText), always("proof", arrayOf(aHash))))),
		always("head", someText), ifAny("closed", arrayOf(signatureShape)), always("post", aText),
		always("authorities", arrayOf(objectOf(always("id", aName), always("state", aText), always("name", aText), ifAny("key", aText)))))

	codeShape = objectOf(always("core", someText), always("armed", arrayOf(signatureShape)), ifAny("closed", arrayOf(signatureShape)), always("head", someText))

	commissionShape = objectOf(
		always("commission", objectOf(always("by", aName), always("officer", anOfficer), always("key", someBytes), always("place", aName),
			always("from", anInstant), ifAny("until", anInstant), ifAny("revoked", aTruth), always("issued", anInstant), ifAny("source", aText))),
		ifAny("signatures", arrayOf(someText)))
)

// transferID names a transfer: a place, a hyphen and a number.
var transferID = text(func(b []byte) bool {
	i := bytes.LastIndexByte(b, '-')
	if i < 0 || !isName(b[:i]) {
		return false
	}
	_, ok := decimal(b[i+1:])
	return ok
}, "a place, a hyphen and a number")

// The public parts of entries.
var publicShapes = map[string]*shape{
	"transfer.opened":    objectOf(always("plan", planShape), ifAny("why", aText)),
	"transfer.postponed": objectOf(always("plan", planShape), ifAny("why", aText)),
	"transfer.counted":   objectOf(always("id", transferID), always("what", someText), always("count", aCount)),
	"transfer.disposed":  objectOf(always("id", transferID), always("list", someText), always("disposition", someText), always("alerts", aCount)),
	"transfer.presented": objectOf(always("id", transferID), always("instrument", anything), always("digest", aHash)),
	"transfer.armed":     signedShape,
	"transfer.disarmed":  signedShape,
	"transfer.clock":     signedShape,
	"transfer.closed":    signedShape,
	"transfer.refused":   objectOf(always("id", transferID), always("why", aText)),
	"transfer.executed": objectOf(
		always("id", transferID), always("digest", aHash), always("place", aName), ifAny("lanes", lanesShape), always("from", aName), always("to", aName),
		always("instant", anInstant), always("cases", casesShape), ifAny("ends", arrayOf(aName)), ifAny("frees", arrayOf(aName)), ifAny("destroys", arrayOf(someText)),
		always("open", aCount), always("crossings", aCount),
		always("mirrors", arrayOf(objectOf(always("authority", aName), always("size", aCount), always("missing", aCount)))),
		always("clocks", clocksShape)),
}

var (
	clocksShape = arrayOf(objectOf(always("source", someText), always("at", maybeInstant), ifAny("fault", aText)))

	signedShape = objectOf(always("id", transferID), always("digest", aHash), ifAny("signature", signatureShape), ifAny("why", aText), ifAny("clocks", clocksShape))
)
