package browsertest

import (
	"fmt"
	"strings"
)

// Layout is what a keyboard layout types with the keys that a document reader uses. The tables are those of xkeyboard-config 2.35
// (/usr/share/X11/xkb/symbols), levels 1 and 2 of each layout's default variant; TestWedgeUnderTrueKeyboard in package web holds them
// against a real X server.
type Layout struct {
	Name           string // as setxkbmap knows it
	plain, shifted []string
}

// layoutKeys are the keys of the tables, in their order.
const layoutKeys = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789,<"

// The layouts.
var (
	// LayoutUS is the United States.
	LayoutUS = layout("us",
		"a b c d e f g h i j k l m n o p q r s t u v w x y z 0 1 2 3 4 5 6 7 8 9 , <",
		"A B C D E F G H I J K L M N O P Q R S T U V W X Y Z ) ! @ # $ % ^ & * ( < >")
	// LayoutRU is Russian.
	LayoutRU = layout("ru",
		"ф и с в у а п р ш о л д ь т щ з й к ы е г м ц ч н я 0 1 2 3 4 5 6 7 8 9 б /",
		"Ф И С В У А П Р Ш О Л Д Ь Т Щ З Й К Ы Е Г М Ц Ч Н Я ) ! \" № ; % : ? * ( Б |")
	// LayoutAM is Armenian.
	LayoutAM = layout("am",
		"ջ զ չ գ բ ե ա ն կ ի տ հ ք լ ը թ ճ ս վ մ ւ յ փ դ ո ժ օ ֆ ձ ֊ , ։ ՞ ․ ՛ ) խ ?",
		"Ջ Զ Չ Գ Բ Ե Ա Ն Կ Ի Տ Հ Ք Լ Ը Թ Ճ Ս Վ Մ Ւ Յ Փ Դ Ո Ժ Օ Ֆ Ձ — $ … % և ՚ ( Խ ֊")
	// LayoutIR is Persian.
	LayoutIR = layout("ir",
		"ش ذ ز ی ث ب ل ا ه ت ن م پ د خ ح ض ق س ف ع ر ص ط غ ظ ۰ ۱ ۲ ۳ ۴ ۵ ۶ ۷ ۸ ۹ و <",
		"ؤ \u200c ژ ي \u064d إ أ آ \u0651 ة » « ء \u0654 ] [ \u0652 \u064b ئ \u064f \u064e \u0670 \u064c \u0653 \u0650 ك ( ! ٬ ٫ ﷼ ٪ × ، * ) > >")
	// LayoutFR is French (AZERTY).
	LayoutFR = layout("fr",
		"q b c d e f g h i j k l , n o p a r s t u v z x y w à & é \" ' ( - è _ ç ; <",
		"Q B C D E F G H I J K L ? N O P A R S T U V Z X Y W 0 1 2 3 4 5 6 7 8 9 . >")
	// LayoutDE is German (QWERTZ).
	LayoutDE = layout("de",
		"a b c d e f g h i j k l m n o p q r s t u v w x z y 0 1 2 3 4 5 6 7 8 9 , <",
		"A B C D E F G H I J K L M N O P Q R S T U V W X Z Y = ! \" § $ % & / ( ) ; >")
	// LayoutTR is Turkish Q.
	LayoutTR = layout("tr",
		"a b c d e f g h ı j k l m n o p q r s t u v w x y z 0 1 2 3 4 5 6 7 8 9 ö <",
		"A B C D E F G H I J K L M N O P Q R S T U V W X Y Z = ! ' ^ + % & / ( ) Ö >")
	// LayoutGE is Georgian.
	LayoutGE = layout("ge",
		"ა ბ ც დ ე ფ გ ჰ ი ჯ კ ლ მ ნ ო პ ქ რ ს ტ უ ვ წ ხ ყ ზ 0 1 2 3 4 5 6 7 8 9 , «",
		"A B ჩ D E F G H I ჟ K L M N O P Q ღ შ თ U V ჭ X Y ძ ) ! @ # $ % ^ & * ( < »")
)

// Layouts are those of the officers for whom Marz is made, their neighbours', and two that move letters about.
var Layouts = []Layout{LayoutUS, LayoutRU, LayoutAM, LayoutIR, LayoutFR, LayoutDE, LayoutTR, LayoutGE}

func layout(name, plain, shifted string) Layout {
	l := Layout{name, strings.Split(plain, " "), strings.Split(shifted, " ")}
	if len(l.plain) != len(layoutKeys) || len(l.shifted) != len(layoutKeys) {
		panic("layout " + name + " has not one entry for each key")
	}
	return l
}

// LayoutCodes returns the codes of the keys that a Layout knows.
func LayoutCodes() []string {
	var out []string
	for _, c := range layoutKeys {
		switch {
		case c == ',':
			out = append(out, "Comma")
		case c == '<':
			out = append(out, "IntlBackslash")
		case c <= '9':
			out = append(out, "Digit"+string(c))
		default:
			out = append(out, "Key"+string(c))
		}
	}
	return out
}

var layoutIndex = func() map[string]int {
	m := map[string]int{}
	for i, code := range LayoutCodes() {
		m[code] = i
	}
	return m
}()

// Text returns what the layout types with the key. A key that is not among LayoutCodes is a mistake in the test, and panics.
func (l Layout) Text(code string, shift bool) string {
	i, ok := layoutIndex[code]
	if !ok {
		panic(fmt.Sprintf("layout %s has no entry for key %s", l.Name, code))
	}
	if shift {
		return l.shifted[i]
	}
	return l.plain[i]
}
