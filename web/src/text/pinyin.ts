// Initials of Chinese words, for the command line: 市一 is found by "sy". No table is carried: the browser sorts Han characters by their
// reading, and a character's initial is that of the last mark that does not come after it.
const letters = 'abcdefghjklmnopqrstwxyz';
/** The first character of each initial, in that order. */
const marks = [...'阿八嚓哒妸发旮哈讥咔垃妈拏噢妑七呥仨他穵夕丫帀'];
const collator = new Intl.Collator('zh-u-co-pinyin');
const known = new Map<string, string>();

function initial(character: string): string {
  const found = known.get(character);
  if (found !== undefined) return found;
  let out = '';
  if (/[a-z0-9]/i.test(character)) out = character.toLowerCase();
  else if (/\p{Script=Han}/u.test(character)) {
    let at = marks.length - 1;
    while (at >= 0 && collator.compare(marks[at] ?? '', character) > 0) at--;
    out = letters[at] ?? '';
  }
  known.set(character, out);
  return out;
}

/** "岚汀市第一人民医院" → "ltsdyrmyy"; letters and digits stay, anything else goes. */
export function initials(text: string): string {
  return Array.from(text, initial).join('');
}
