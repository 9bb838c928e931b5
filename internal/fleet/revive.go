package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"strings"

	"marz/journal"
	"marz/verify"
)

// revived is how many posts lose their disks at the end.
const revived = 3

// revive takes the disks of some posts away, all but their configuration and keys, and lets marz post recover bring their journals back from headquarters: every entry, byte for byte.
func (f *fleet) revive(ctx context.Context) {
	for i := range min(revived, len(f.posts)) {
		p := f.posts[i*len(f.posts)/min(revived, len(f.posts))]
		if err := f.reviveOne(ctx, p.host); err != nil {
			f.wrong(p.host.name, "its disk was lost: "+err.Error())
		}
	}
	f.say("%d posts lost their disks, and were brought back from their mirrors", min(revived, len(f.posts)))
}

func (f *fleet) reviveOne(ctx context.Context, h *host) error {
	dir, lost := f.path(h.name), f.path(h.name+".lost")
	if err := each(ctx, "mv "+dir+" "+lost, "mkdir -m 700 "+dir, "cp -rp "+lost+"/post.toml "+lost+"/keys "+dir); err != nil {
		return err
	}
	if _, err := f.marzAt(ctx, h, "post", "recover", "--data", dir); err != nil {
		return err
	}
	var before, after bytes.Buffer
	if err := journal.Export(ctx, lost, nil, &before); err != nil {
		return err
	}
	if err := journal.Export(ctx, dir, nil, &after); err != nil {
		return err
	}
	if err := begins(after.String(), before.String()); err != nil {
		return err
	}
	vkey, _, err := journalOf(lost)
	if err != nil {
		return err
	}
	r, err := verify.Folder(ctx, dir, verify.Options{Key: vkey})
	if err == nil && !r.OK() {
		err = fmt.Errorf("marz verify: %d problems, the first %+v", r.ProblemCount, r.Problems[0])
	}
	if err != nil {
		return err
	}
	return os.RemoveAll(lost)
}

// begins says where the first entries of a bundle are not those of another one. More may follow: what the recovery itself has recorded.
func begins(bundle, with string) error {
	entries := func(s string) (out []string) {
		for line := range strings.Lines(s) {
			if strings.HasPrefix(line, `{"seq":`) {
				out = append(out, line)
			}
		}
		return out
	}
	got, want := entries(bundle), entries(with)
	for i, line := range want {
		if i >= len(got) || got[i] != line {
			return fmt.Errorf("entry %d of %d is not what it was; there are %d", i, len(want), len(got))
		}
	}
	return nil
}
