// Package name reads the names of people as passports, lists and travellers write them, in any script, and says how much two of them speak for one person.
//
// It owns the division of a name into parts, what a part sounds like, how it is romanised, which given names are forms of one another, and the comparison of two
// names as a sum of evidence in bits. It knows nothing of alerts, lists or posts and can be used alone.
//
// The sound of a part is a string of one byte a sound, the same for all scripts, so that Сергей, Sergey, Sergej and Սերգեյ meet without a language being known:
//
//	p b f v m n t d s z k g q h l r y w    as in English; q is the back k of ق
//	S sh   Z zh   C church   J jungle   c ts   x loch   G غ   T thin   D then
//	a e i o u
//	W  w, v, u or o     I  y, i or e     A  a, another vowel or silent     E  at the end: a, e, h or silent: letters of scripts that leave it open
//	K  Latin c not before e, i, y     Q  Latin c before them     X  Latin ch     j  Latin j: letters that each language reads in its own way
//
// All functions are pure and may be called from any goroutine.
package name
