/** The middleware that answers for a workspace which is stopped; it stands last, after sign-in. */
export const stopped = "stopped@file";
