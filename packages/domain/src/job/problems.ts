export const jobProblems = {
  "job.not_found": { status: 404, title: "No such job", next: ["berth jobs list"] },
  "job.ended": { status: 409, title: "The job has ended already", next: ["berth jobs show JOB"] },
} as const;
