const readable = "Your apps keep running, and status and logs stay readable";

/** What it means to people that an account is in grace or, for one of three reasons, restricted. Mails, problems, pages and commands say it with these. */
export const offWords = {
  grace: {
    what: "A payment failed",
    keeps: "Your apps keep running, and status, logs and rollback work",
    off: "changes are paused",
    until: "it is paid",
    fix: "Fix the payment",
  },
  unpaid: { what: "The bill is unpaid", keeps: readable, off: "changes are off", until: "it is paid", fix: "Pay the open bill" },
  ended: {
    what: "Your plan has ended",
    keeps: readable,
    off: "changes are off",
    until: "you choose a plan",
    fix: "Choose a plan",
  },
  paused: {
    what: "Your subscription is paused",
    keeps: readable,
    off: "changes are off",
    until: "it is resumed",
    fix: "See billing",
  },
} as const;

export const worksAgain = "Everything works again";
