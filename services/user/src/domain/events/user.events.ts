/** What others may know of a user: that there is one, and that there is none any more. */
export type UserEvent = { type: 'UserRegistered'; userId: string } | { type: 'UserErased'; userId: string };
