package mirror

import (
	"encoding/hex"
	"net/http"
	"time"

	"marz"
)

// giveFile gives a file by its digest, whole or in part (RFC 9110 §14). Who has none of it and who may not have it hear the same.
func (r *Receiver) giveFile(c *call) error {
	digest := c.q.PathValue("digest")
	if b, err := hex.DecodeString(digest); err != nil || len(b) != 32 || hex.EncodeToString(b) != digest {
		return refuse(http.StatusBadRequest, "a file is named by its SHA-256, in 64 small hex digits")
	}
	if r.cfg.Files == nil {
		return refuse(http.StatusNotFound, "there is no such file")
	}
	f, err := r.cfg.Files(c.ctx, c.client, digest)
	if marz.CodeOf(err) == marz.NotFound {
		return refuse(http.StatusNotFound, "there is no such file")
	}
	if err != nil {
		return err
	}
	defer f.Close()
	c.w.Header().Set("Content-Type", typeBytes)
	c.w.Header().Set("ETag", `"`+digest+`"`)
	http.ServeContent(c.w, c.q, "", time.Time{}, f)
	return nil
}
