package post

import (
	"encoding/json"
	"html"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"marz"
	"marz/agreement"
	"marz/transfer"
)

// wall is what the machine's clock shows, by which questions of headquarters are dated.
func wall() marz.Instant { return marz.InstantOf(time.Now()) }

// A headquarters reads the transfers of a running post with its authority's key, what it reads is what lies in the folder, and nobody else reads anything.
func TestHeadquartersReadTransfers(t *testing.T) {
	tp := newHandover(t)
	id, digest := tp.armed()
	srv := tp.serve()
	hq := &client{t: t, srv: srv}
	ask := func(key, what string, at marz.Instant, change func(*TransferReader)) (*http.Response, []byte) {
		t.Helper()
		r, err := SignTransferReader(key, at)
		if err != nil {
			t.Fatal(err)
		}
		r.ID = id
		if change != nil {
			change(r)
		}
		return hq.do("POST", "/api/transfer/read/"+what, r)
	}
	resp, b := ask(testKeys["am-bg"], "entries", wall(), nil)
	var got TransferEntries
	if err := json.Unmarshal(b, &got); err != nil || resp.StatusCode != http.StatusOK || got.Post.ID != "agarak" {
		t.Fatalf("%s %s %v", resp.Status, b, err)
	}
	told := transfer.NewState()
	for _, e := range got.Entries {
		if err := told.Apply(transfer.Entry(e)); err != nil {
			t.Fatal(err)
		}
	}
	read, err := ReadTransfers(t.Context(), tp.dir)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(tp.transfers().All(), told.All()); d != "" || told.Get(id).Digest != digest {
		t.Error(d)
	}
	if d := cmp.Diff(tp.transfers().All(), read.All()); d != "" {
		t.Error(d)
	}
	stranger, _, err := agreement.NewKey(strings.NewReader(strings.Repeat("k", 99)), "am-bg")
	if err != nil {
		t.Fatal(err)
	}
	before := tp.size()
	for name, c := range map[string]struct {
		key, what string
		at        marz.Instant
		change    func(*TransferReader)
		want      int
	}{
		"another key":      {stranger, "entries", wall(), nil, http.StatusForbidden},
		"a third":          {testKeys["ge-bg"], "entries", wall(), nil, http.StatusForbidden},
		"another's name":   {testKeys["ge-bg"], "entries", wall(), func(r *TransferReader) { r.Authority = "am-bg" }, http.StatusForbidden},
		"an old question":  {testKeys["am-bg"], "entries", wall().Add(-time.Hour), nil, http.StatusForbidden},
		"dated anew":       {testKeys["am-bg"], "entries", wall().Add(-time.Hour), func(r *TransferReader) { r.At = wall() }, http.StatusForbidden},
		"from the future":  {testKeys["am-bg"], "entries", wall().Add(time.Hour), nil, http.StatusForbidden},
		"no signature":     {testKeys["am-bg"], "entries", wall(), func(r *TransferReader) { r.Line = "" }, http.StatusForbidden},
		"no authority":     {testKeys["am-bg"], "entries", wall(), func(r *TransferReader) { r.Authority = "xx-bg" }, http.StatusForbidden},
		"something else":   {testKeys["am-bg"], "payloads", wall(), nil, http.StatusNotFound},
		"no act yet":       {testKeys["am-bg"], "act", wall(), nil, http.StatusConflict},
		"no such transfer": {testKeys["am-bg"], "act", wall(), func(r *TransferReader) { r.ID = "agarak-9" }, http.StatusNotFound},
	} {
		if resp, b := ask(c.key, c.what, c.at, c.change); resp.StatusCode != c.want || strings.Contains(string(b), digest) {
			t.Errorf("%s: %s %.300s", name, resp.Status, b)
		}
	}
	if tp.size() != before {
		t.Error("reading left entries")
	}
	tp.now.Store(int64(midnight))
	if err := tp.Tick(t.Context()); err != nil {
		t.Fatal(err)
	}
	resp, b = ask(testKeys["ru-bg"], "act", wall(), nil)
	var act transfer.Act
	if err := json.Unmarshal(b, &act); err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s %s %v", resp.Status, b, err)
	}
	want, err := tp.Act(t.Context(), id)
	if d := cmp.Diff(want, &act); d != "" || err != nil {
		t.Error(d, err)
	}
	from, err := ReadAct(t.Context(), tp.dir, id) // while the post runs
	if d := cmp.Diff(want, from); d != "" || err != nil {
		t.Error(d, err)
	}
	if _, err := ReadAct(t.Context(), tp.dir, "agarak-9"); marz.CodeOf(err) != marz.NotFound {
		t.Errorf("%v", err)
	}
	from.Instrument = json.RawMessage(`{"v":"<&>"}`) // signed bytes are never written in another way
	if b, err := EncodeAct(from); err != nil || !strings.Contains(string(b), `"instrument":{"v":"<&>"},`) {
		t.Errorf("%s, %v", b, err)
	}
	from.Instrument = want.Instrument
	var page strings.Builder
	if err := PrintAct(&page, from, "Asia/Yerevan"); err != nil {
		t.Fatal(err)
	}
	for _, has := range []string{"Act of handover", digest, "2025-01-01 00:00:00", `<svg class="qr"`, "<style>"} {
		if !strings.Contains(html.UnescapeString(page.String()), has) {
			t.Errorf("the page to print lacks %q", has)
		}
	}
	for _, not := range []string{"<script", "<link", `href="/`} {
		if strings.Contains(page.String(), not) {
			t.Errorf("the page to print asks for something beside it: %q", not)
		}
	}
	from.Entries = from.Entries[:1]
	if err := PrintAct(&page, from, "Asia/Yerevan"); marz.CodeOf(err) != marz.Invalid {
		t.Errorf("an act without its execution: %v", err)
	}
}
