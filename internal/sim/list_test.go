package sim

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"marz"
	"marz/scenarios/armenia"
)

func fictional(t testing.TB) []Alert {
	t.Helper()
	list, err := ReadList(armenia.FictionalList())
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestReadList(t *testing.T) {
	const in = "\ufeff" + `{"id":"a","schema":"Person","properties":{"name":["Ali Reza Parsa"],"alias":["Alireza Parsa","Parsa"],"birthDate":["1971-03"],"nationality":["xx","ir"],"gender":["male"],"passportNumber":["Z91"]}}` + "\r\n" +
		`{"id":"b","schema":"Person","properties":{"name":["Zaid Al Ansari"],"firstName":["Zaid"],"lastName":["Al Ansari"]}}` + "\n\n" +
		`{"id":"c","schema":"Organization","properties":{"name":["Some Works"]}}` + "\n" +
		`{"id":"d","schema":"Person","properties":{"name":["علی رضا"]}}` + "\n" +
		`{"id":"e","schema":"Passport","properties":{"number":["P9"],"country":["ru"]}}`
	got, err := ReadList([]byte(in))
	if err != nil {
		t.Fatal(err)
	}
	want := []Alert{
		{ID: "a", Primary: "PARSA", Secondary: "ALI REZA", Aliases: [][2]string{{"PARSA", "ALIREZA"}}, Nationality: "IRN", Sex: "M", Birth: marz.Date{Year: 1971, Month: 3}, Numbers: []string{"Z91"}},
		{ID: "b", Primary: "AL ANSARI", Secondary: "ZAID"},
		{ID: "e", Nationality: "RUS", Numbers: []string{"P9"}},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestReadListRefuses(t *testing.T) {
	for _, bad := range []string{"{", "[]", "null", `{"id":"a"}`, `{"schema":"Person"}`, "\xff\xfe", `{"id":"a","schema":"Person","properties":7}`} {
		_, err := ReadList([]byte(`{"id":"a","schema":"Person"}` + "\n" + bad))
		if marz.CodeOf(err) != marz.Invalid || !strings.Contains(err.Error(), "line 2") {
			t.Errorf("%q: got %v, want an error that names line 2", bad, err)
		}
	}
}

func FuzzReadList(f *testing.F) {
	f.Add(armenia.FictionalList()[:2000])
	f.Add([]byte(`{"id":"a","schema":"Person","properties":{"name":["A B"],"birthDate":["0000-02-31"],"gender":[]}}`))
	f.Add([]byte(`{"id":"a","schema":"Passport","properties":{"number":["<<"],"country":["de"]}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		list, err := ReadList(data)
		if err != nil {
			return
		}
		// Whatever a list says, travellers come, and each with a zone.
		s := New(1, Options{List: list, TrueHit: .3, NearName: .3})
		for range 20 {
			if s.Next().MRZ == "" {
				t.Fatal("a traveller without a zone")
			}
		}
	})
}

func TestWriteListIsReadBack(t *testing.T) {
	list := fictional(t)
	var persons, passports, full int
	ids := map[marz.AlertID]bool{}
	for _, a := range list {
		if ids[a.ID] {
			t.Errorf("%s stands twice", a.ID)
		}
		ids[a.ID] = true
		if !a.usable() || a.Nationality == "" {
			t.Errorf("no traveller can be made of %s", a.ID)
		}
		switch {
		case a.Primary == "":
			passports++
		default:
			persons++
		}
		if a.Birth.Full() {
			full++
		}
	}
	if persons != 3000 || passports != 40 || full < 2000 {
		t.Errorf("%d persons, %d of them with a full birth date, and %d passports", persons, full, passports)
	}
	if n := bytes.Count(armenia.FictionalList(), []byte("ictional person, generated")); n != persons {
		t.Errorf("%d of %d persons say that they are fictional", n, persons)
	}
}
