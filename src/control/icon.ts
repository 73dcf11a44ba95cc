/** A gate. */
export const icon: string =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16" fill="none" stroke="#4f6fd8" stroke-width="1.6"><path d="M2 15V7a6 6 0 0 1 12 0v8M6 2v13M10 2v13M2 8h12"/></svg>';
