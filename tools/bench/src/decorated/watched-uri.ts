/** The resource that listeners watch. */
export const watchedUri = 'bench://counter';
