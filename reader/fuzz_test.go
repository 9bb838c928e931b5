package reader

import (
	"bytes"
	"testing"

	"marz/emrtd/reading"
)

// fuzz feeds an adapter whatever comes, in pieces of a size, and holds it to what every event promises.
func fuzz(f *testing.F, kind string) {
	for _, r := range recordings(f) {
		if r.Settings.Adapter != kind {
			continue
		}
		for _, s := range r.Steps {
			f.Add(s.Bytes, byte(7), r.Settings.Check == XOR)
		}
	}
	f.Fuzz(func(t *testing.T, b []byte, piece byte, check bool) {
		s := Settings{Adapter: kind, Removed: "OUT", Error: "ERR"}
		if check && kind != "wedge" && kind != "rows" {
			s.Check = XOR
		}
		a := adapter(t, s)
		total := 0
		for i := 0; i < len(b); i += int(piece) + 1 {
			total += hold(t, b, a.Take(b[i:min(len(b), i+int(piece)+1)]))
		}
		total += hold(t, b, a.Silent())
		if total > len(b)+64 {
			t.Fatalf("%d bytes went in and %d came out", len(b), total)
		}
		if late := a.Silent(); len(late) > 0 {
			t.Fatalf("after a silence another one gives %v", late)
		}
	})
}

// hold checks events against what went in, and returns how many bytes they account for.
func hold(t *testing.T, b []byte, events []Event) int {
	n := 0
	for _, e := range events {
		n += len(e.Zone) + len(e.Data) + e.Bytes
		switch {
		case e.Kind == Zone && (e.Zone == "" || len(e.Zone) > reading.MostZone):
			t.Fatalf("a zone of %d bytes", len(e.Zone))
		case e.Kind == Code && (len(e.Data) == 0 || len(e.Data) > MostFrame):
			t.Fatalf("a code of %d bytes", len(e.Data))
		case e.Kind == Code && e.Note == "" && !eci(e.Symbol) && !bytes.Contains(b, e.Data):
			t.Fatalf("a code that did not come")
		case e.Kind == Dropped && (e.Bytes <= 0 || e.Note == ""):
			t.Fatalf("%+v", e)
		}
	}
	return n
}

func FuzzWedge(f *testing.F)   { fuzz(f, "wedge") }
func FuzzRows(f *testing.F)    { fuzz(f, "rows") }
func FuzzDesko(f *testing.F)   { fuzz(f, "desko") }
func FuzzSwipe(f *testing.F)   { fuzz(f, "swipe") }
func FuzzRTE(f *testing.F)     { fuzz(f, "rte") }
func FuzzScanner(f *testing.F) { fuzz(f, "scanner") }

func FuzzRecording(f *testing.F) {
	f.Add([]byte("# x\n@ adapter = \"desko\"\npause 5\ntext \\x02A\\r\nhex 02 03\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := ReadRecording(bytes.NewReader(b), "x")
		if err != nil {
			return
		}
		var out bytes.Buffer
		for _, s := range r.Steps {
			if err := s.Write(&out); err != nil {
				t.Fatal(err)
			}
		}
		again, err := ReadRecording(bytes.NewReader(out.Bytes()), "y")
		if err != nil {
			t.Fatalf("what was written is not read: %v", err)
		}
		if len(again.Steps) > len(r.Steps) {
			t.Fatalf("%d steps became %d", len(r.Steps), len(again.Steps))
		}
	})
}
