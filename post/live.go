package post

import "marz/web"

// hub tells the post's pages that something has changed.
type hub struct{ web.Hub }

func (h *hub) changed() { h.Changed() }

func (h *hub) end() { h.End() }
