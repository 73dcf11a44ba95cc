/** Into how many parts a wait is cut. */
const waitParts = 30;

/**
 * What the work comes to, or false when that takes longer than `ms`. The wait goes part by part: a
 * machine that stood still meanwhile has used up one of them, not all, so that an answer that is
 * there by then is still read.
 */
export function inTime(work: Promise<boolean>, ms: number): Promise<boolean> {
  return new Promise((resolve) => {
    let left = waitParts;
    const timer = setInterval(() => {
      left -= 1;
      if (left === 0) settle(false);
    }, ms / waitParts);
    const settle = (result: boolean): void => {
      clearInterval(timer);
      resolve(result);
    };
    void work.then(settle);
  });
}
