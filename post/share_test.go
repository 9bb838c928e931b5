package post

import (
	"strings"
	"testing"

	"marz"
	"marz/mrz"
)

// A look-up shows hits where the article that shares them opens that field, and the attempt is an entry where it does not.
func TestLookUpKeepsToFields(t *testing.T) {
	tp, _, am := newJoint(t, "", strings.Replace(shareHits, `what = ["hits", "incidents"]`, `what = ["hits", "incidents"]`+"\n"+`fields = ["document"]`, 1), "1")
	open := tp.mustScan(am, "1", wantedPassport(t, "GEO"))
	if len(open.Others) != 1 || open.Others[0].Shared {
		t.Errorf("%+v", open.Others)
	}
	code(t, "look-up", second2(tp.LookUp(t.Context(), am, open.ID, "ru-bg", "comparison", "")), marz.Forbidden, "does not open the hits")
	if k := tp.kinds(); k[KindHitRead] != 0 || k[KindRefusedAct] != 1 {
		t.Errorf("%v", k)
	}
}

// What an article forbids by what the record says is asked with what it says.
func TestSharingAsksAboutTheRecord(t *testing.T) {
	for name, policy := range map[string]string{
		"nationality": `forbid (principal, action == Action::\"read-record\", resource is Record) when { resource.nationality == \"GEO\" };`,
		"asylum":      `forbid (principal, action == Action::\"read-record\", resource is Record) when { resource.asylum && context.field == \"document\" };`,
	} {
		share := strings.Replace(shareHits, `what = ["records"]`, `what = ["records"]`+"\ncedar = \""+policy+"\"", 1)
		tp := newTestPostUnder(t, strings.Replace(strings.Replace(together, "%FIRST%", "", 1), `from = "2024-10-08`, `from = "2025-01-01`, 1)+share)
		ru := tp.atLane("ru-bg/2", "1")
		id := tp.mustScan(ru, "1", passport(t, "ABADI", "REZA", "A1", func(d *mrz.Document) { d.Nationality = "GEO" })).ID
		if _, err := tp.Asylum(t.Context(), ru, id); err != nil {
			t.Fatal(err)
		}
		tp.now.Store(int64(midnight))
		am := tp.signIn("am-bg/2")
		r, err := tp.ReadRecord(t.Context(), am, id, "supervision", "")
		if err == nil && r.Document.Number != "" {
			t.Errorf("%s: read %s", name, r.Document.Number)
		}
	}
}

// What an article forbids of an authority's own records is forbidden as well: a field of them, or to erase some.
func TestOwnRecordsAreAskedAbout(t *testing.T) {
	const policies = `
[[agreement.article]]
id = "5"
kind = "observe"
authority = "ru-bg"
place = "agarak"
from = "2024-10-08T00:00:00+04:00"
cedar = """
forbid (principal, action == Action::"read-record", resource) when { context.field == "identity" };
forbid (principal, action == Action::"erase", resource is Record) when { resource.asylum };
"""
text = ""
`
	tp, _, am := newJoint(t, "", policies, "1")
	id := tp.mustScan(am, "1", passport(t, "ABADI", "REZA", "A1", nil)).ID
	if _, err := tp.Asylum(t.Context(), am, id); err != nil {
		t.Fatal(err)
	}
	if _, err := tp.Withdraw(t.Context(), am, id, "traveller-left"); err != nil {
		t.Fatal(err)
	}
	r, err := tp.ReadRecord(t.Context(), am, id, "supervision", "")
	if err != nil || r.Document.Number != "A1" || r.Document.Primary != "" {
		t.Errorf("%+v %v", r, err)
	}
	code(t, "erase", tp.Erase(t.Context(), tp.signIn("am-bg/1"), []marz.Seq{marz.Seq(number(id))}, "its time is up"), marz.Forbidden, "treaty/5")
	other := tp.mustScan(am, "1", passport(t, "BABADI", "REZA", "B1", nil)).ID
	if _, err := tp.Decide(t.Context(), am, other, marz.Admit, "", ""); err != nil {
		t.Fatal(err)
	}
	code(t, "erase of another case", tp.Erase(t.Context(), tp.signIn("am-bg/1"), []marz.Seq{marz.Seq(number(other))}, "its time is up"), marz.Conflict, "together") // past the articles
}
