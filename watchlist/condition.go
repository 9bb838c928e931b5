package watchlist

import (
	"slices"
	"strings"
	"unicode"

	"marz/watchlist/number"
)

// conditions are the words that say of a document that it is not good, in the words of which types make use.
var conditions = map[string]string{
	"false": "false", "fake": "false", "forged": "forged", "counterfeit": "forged", "fraudulent": "fraudulent", "fraudulently": "fraudulent",
	"lost": "lost", "stolen": "stolen", "revoked": "revoked", "cancelled": "cancelled", "canceled": "cancelled", "expired": "expired",
}

// withCondition adds to the type of a document what a remark says of its condition. The document stays one to be found.
func withCondition(kind, remark string) string {
	for _, word := range strings.FieldsFunc(strings.ToLower(remark), func(r rune) bool { return !unicode.IsLetter(r) }) {
		said := conditions[word]
		if said != "" && !slices.Contains(strings.Split(kind, ", "), said) && len(kind)+len(said)+2 <= number.MaxType {
			kind += ", " + said
		}
	}
	return kind
}
