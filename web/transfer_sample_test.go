package web_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"

	"marz"
	"marz/transfer"
	"marz/web"
)

// transferPages are the pages of a transfer and of the shift. Their bodies stand here.
var transferPages = []string{"transfer", "act", "shift"}

func init() {
	pages = append(pages, transferPages...)
	maps.Copy(sampleBodies, transferBodies)
}

// transferBodies have what the pages show at their fullest: one side's key is turned, a line differs, one thing is to be looked at.
var transferBodies = map[string]any{
	"transfer": sampleTransfer(),
	"act":      sampleAct(),
	"shift":    sampleShift(),
}

// codeText is as long as the text of an act's codes is, with signatures by passkeys or by keys.
func codeText(passkeys bool) string {
	noise := rand.New(rand.NewPCG(1, 2))
	random := func(n int) string {
		b := make([]byte, n)
		for i := range b {
			b[i] = byte(noise.Uint32())
		}
		return base64.StdEncoding.EncodeToString(b)
	}
	digests := map[string]string{"arm": random(32), "close": random(32)}
	signature := func(says, authority, officer string) string {
		by := fmt.Sprintf(`"line":"— %s %s"`, authority, random(68))
		if passkeys {
			by = fmt.Sprintf(`"passkey":{"officer":%q,"credential":%q,"key":%q,"digest":%q,"nonce":%q,"client":%q,"authenticator":%q,"signature":%q}`, officer, random(32), random(77), random(32), random(32),
				base64.StdEncoding.EncodeToString([]byte(`{"type":"webauthn.get","challenge":"`+random(32)+`","origin":"https://agarak.example","crossOrigin":false}`)), random(37), random(71))
		}
		return fmt.Sprintf(`{"says":%q,"authority":%q,"officer":%q,"digest":%q,%s}`, says, authority, officer, digests[says], by)
	}
	core := "marz/act/v1\nagarak-1 agarak -\nru-bg am-bg\n2024-12-31T20:00:00.000Z 2024-12-31T20:00:00.004Z\narmenia/agarak 1257\n" + random(32) + "\n1258 " + random(32) + "\n-\n"
	return fmt.Sprintf(`{"core":%q,"armed":[%s,%s],"closed":[%s,%s],"head":%q}`, core,
		signature("arm", "ru-bg", "ru-bg/0102"), signature("arm", "am-bg", "am-bg/0101"), signature("close", "ru-bg", "ru-bg/0102"), signature("close", "am-bg", "am-bg/0101"), sampleHead)
}

func sampleAct() web.ActBody {
	x := newFakeTransfer()
	var inventory []transfer.Line
	for i, l := range x.Inventory {
		inventory = append(inventory, transfer.Line{What: l.What, Outgoing: 4 + 3*i, Incoming: 4 + 3*i + i%3/2, Measured: l.Measured})
	}
	entry := func(seq marz.Seq, kind string, officer marz.OfficerID, at marz.Instant) transfer.ActEntry {
		return transfer.ActEntry{Seq: seq, Body: fmt.Sprintf(`{"v":1,"seq":%d,"at":%q,"origin":"armenia/agarak","kind":%q,"officer":%q,"authority":%q,"under":"am-ru-2024-agarak/2","public":{}}`, seq, at, kind, officer, officer.Authority())}
	}
	return web.ActBody{
		Act: transfer.Act{V: 1, Post: "Agarak", Head: sampleHead,
			Armed:  []transfer.Signature{{Says: "arm", Authority: russia.ID, Officer: officer.ID, Passkey: json.RawMessage(`{}`)}, {Says: "arm", Authority: armenia.ID, Line: "x"}},
			Closed: []transfer.Signature{{Says: "close", Authority: armenia.ID, Officer: anahit.ID, Line: "x"}},
			Entries: []transfer.ActEntry{entry(1201, transfer.KindOpened, officer.ID, midday-7200e3), entry(1249, transfer.KindPresented, anahit.ID, midday-60e3), entry(1250, transfer.KindArmed, officer.ID, midday),
				entry(1251, transfer.KindArmed, anahit.ID, midday+20e3), entry(1257, transfer.KindExecuted, "", handing.At+4)}},
		Instrument: transfer.Instrument{V: 1, Origin: "armenia/agarak", Plan: relief, Readiness: cheques, Inventory: inventory, Cases: []transfer.Case{transfer.Partial, transfer.Late},
			Dispositions: transfer.Dispositions{Alerts: 6, Adopted: 1, Returned: 2, Lapsed: 3, Digest: sampleDigest(4)}},
		Execution: transfer.Execution{ID: relief.ID, Digest: sampleDigest(3), Place: "agarak", From: russia.ID, To: armenia.ID, Instant: handing.At, Ends: []marz.AuthorityID{russia.ID}, Destroys: relief.Destroy, Open: 1, Crossings: 812,
			Mirrors: []transfer.Mirror{{Authority: armenia.ID, Size: 1254, Missing: 1}, {Authority: russia.ID, Size: 1257}},
			Clocks:  []transfer.Reading{{Source: "node", At: handing.At + 4}, {Source: "boot", At: handing.At - 120}, {Source: "radio", Fault: "it does not answer"}}},
		Executed: handing.At + 4, Seq: 1257, QR: codeText(true), Digest: sampleDigest(5), Names: map[marz.AuthorityID]marz.Authority{russia.ID: russia, armenia.ID: armenia}, Sign: "exercise",
	}
}

func sampleShift() web.ShiftBody {
	return web.ShiftBody{Own: russia.ID, Holder: "ru-bg/0103", Since: midday - 12*3600e3, Digest: sampleDigest(6), Can: true,
		Facts: web.ShiftFacts{From: midday - 12*3600e3, Crossings: 801,
			Cases:     []web.ShiftCase{{Inspection: "i19", Lane: "1", Opened: midday - 400e3, Verdict: marz.Stop, State: "proposed", Officer: "ru-bg/0111"}},
			Overrides: []web.ShiftOverride{{Inspection: "i18", Seq: 1230, At: midday - 140e3, Officer: "ru-bg/0111", Verdict: marz.Stop, Decision: marz.Admit, Reason: "cleared"}, {Inspection: "i11", Seq: 1190, At: midday - 7200e3, Officer: "ru-bg/0112", Verdict: marz.Stop, Decision: "withdrawn", Reason: "wrong-lane"}},
			Lookups:   []web.ShiftLookups{{Officer: officer.ID, Records: 2, Own: 1, Crossings: 0}, {Officer: "ru-bg/0112", Records: 14, Others: 3, Night: 9, Crossings: 1, Unusual: "9 while holding no lane; 14 records that are not of crossings of his own"}},
			Refused:   []web.ShiftCount{{What: "read-record", Officer: "ru-bg/0111", Count: 2}},
			Relaxed:   []web.ShiftCount{{What: "chip.signature", Count: 801}},
			Lists:     sources,
			Lanes:     []web.ShiftLane{{Lane: "1", Officer: officer.ID, Since: midday - 3600e3}, {Lane: "2"}}},
		Earlier: []web.ShiftRow{{Seq: 640, At: midday - 12*3600e3, From: officer.ID, To: "ru-bg/0103"}, {Seq: 12, At: midday - 36*3600e3, To: officer.ID}}}
}

func sampleTransfer() web.TransferBody {
	x := newFakeTransfer()
	x.Phase, x.Readiness, x.Digest, x.Cases = transfer.Preparing, append(cheques, transfer.Check{ID: "stamps-handed-over", State: "missing", Value: "not reported"}), sampleDigest(3), []transfer.Case{transfer.Partial}
	x.Plan.Lanes = []marz.LaneID{"1", "2"}
	for i := range x.Inventory {
		n, m := 4+3*i, 4+3*i
		if i == 2 {
			m++
		}
		x.Inventory[i].Outgoing, x.Inventory[i].Incoming = &n, &m
	}
	x.Keys[0] = web.TransferKey{Authority: russia.ID, Officer: officer.ID, At: midday - 60e3}
	x.alerts[0].Disposition, x.alerts[0].By, x.alerts[0].Reason = "adopted", anahit.ID, "Sought by a court of Armenia as well"
	x.alerts[1].Disposition, x.alerts[1].By = "returned", officer.ID
	x.alerts[2].Disposition, x.alerts[2].By = "offered", officer.ID
	x.count()
	x.Steps = []web.TransferStep{
		{Seq: 1201, At: midday - 7200e3, Kind: transfer.KindOpened, Authority: russia.ID, Officer: officer.ID, Says: "began preparation: control passes at 2025-01-01 00:00"},
		{Seq: 1219, At: midday - 3600e3, Kind: transfer.KindCounted, Authority: armenia.ID, Officer: anahit.ID, Says: "counted stamps: 11"},
		{Seq: 1230, At: midday - 60e3, Kind: transfer.KindArmed, Authority: russia.ID, Officer: officer.ID, Says: "turned its key"},
	}
	return web.TransferBody{Transfer: &x.Transfer, Own: russia.ID, Side: "outgoing", Can: []string{"count", "dispose", "disarm", "postpone", "refuse", "cancel"}, Sign: "exercise",
		Commission: `{"v":1,"by":"ru-bg","officer":"ru-bg/0102"}`, Alerts: x.alerts}
}

// hostileTransfer are the bodies of the same pages with a hostile name wherever they take text.
var hostileTransfer = map[string]any{
	"transfer": web.TransferBody{Own: hostile, Cannot: hostile, Commission: hostile, Alerts: []web.TransferAlert{{List: hostile, Alert: hostile, Name: hostile, Why: hostile}},
		Transfer: &web.Transfer{Plan: transfer.Plan{ID: hostile, Article: hostile, Place: hostile, From: hostile, To: hostile}, Waiting: hostile, Digest: hostile,
			Readiness: []transfer.Check{{ID: hostile, Value: hostile, State: hostile}}, Inventory: []web.TransferLine{{What: hostile}}, Steps: []web.TransferStep{{Says: hostile}}}},
	"act": web.ActBody{Act: transfer.Act{Post: hostile, Head: hostile, Armed: []transfer.Signature{{Authority: hostile, Officer: hostile}}, Entries: []transfer.ActEntry{{Body: hostile}}}, QR: hostile, Digest: hostile, Code: hostile, Sign: hostile,
		Instrument: transfer.Instrument{Plan: transfer.Plan{ID: hostile, From: hostile, To: hostile, Place: hostile, Article: hostile, Lanes: []marz.LaneID{hostile}}, Cases: []transfer.Case{hostile},
			Inventory: []transfer.Line{{What: hostile}}, Readiness: []transfer.Check{{ID: hostile, State: hostile, Value: hostile}}, Dispositions: transfer.Dispositions{Digest: hostile}},
		Execution: transfer.Execution{Digest: hostile, Ends: []marz.AuthorityID{hostile}, Destroys: []string{hostile}, Mirrors: []transfer.Mirror{{Authority: hostile}}, Clocks: []transfer.Reading{{Source: hostile, Fault: hostile}}},
		Names:     map[marz.AuthorityID]marz.Authority{hostile: {ID: hostile, Name: hostile}}},
	"shift": web.ShiftBody{Own: hostile, Holder: hostile, Digest: hostile, Cannot: hostile, Can: true, Earlier: []web.ShiftRow{{From: hostile, To: hostile}},
		Facts: web.ShiftFacts{Cases: []web.ShiftCase{{Inspection: hostile, Lane: hostile, Verdict: hostile, State: hostile}}, Overrides: []web.ShiftOverride{{Officer: hostile, Decision: hostile, Reason: hostile}},
			Lookups: []web.ShiftLookups{{Officer: hostile, Unusual: hostile}, {Officer: hostile}}, Refused: []web.ShiftCount{{What: hostile}}, Relaxed: []web.ShiftCount{{What: hostile}},
			Lists: []web.ListState{{ID: hostile, Name: hostile, Refused: hostile}}, Lanes: []web.ShiftLane{{Lane: hostile, Officer: hostile}}}},
}
