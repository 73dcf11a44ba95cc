const entriesMax = 1000;
const unitsMax = 60;

/**
 * A pure function of a text that remembers what it answered: names, words and arguments come again
 * and again across the tools of all servers. Answers do not depend on what came before. What is
 * kept has a limit: long texts are worked out anew, and a full memory starts over.
 */
export function remember<T>(answer: (text: string) => T & ({} | null)): (text: string) => T {
  const known = new Map<string, T>();
  return (text) => {
    if (text.length > unitsMax) return answer(text);
    const before = known.get(text);
    if (before !== undefined) return before;
    // A part of a text can keep the whole of it alive; what is remembered stands alone.
    const own = ` ${text}`.slice(1);
    const found = answer(own);
    if (known.size >= entriesMax) known.clear();
    known.set(own, found);
    return found;
  };
}
