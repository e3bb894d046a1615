export const deploymentProblems = {
  "deployment.not_found": { status: 404, title: "No such deployment", next: ["berth jobs list"] },
  "deployment.no_target": {
    status: 409,
    title: "It is not clear where to deploy",
    hint: "Name one or more targets; later deploys go to the same ones.",
    next: ["berth target list", "berth deploy --target NAME", "berth target use NAME"],
  },
  "deployment.no_builder": {
    status: 422,
    title: "The target that builds is none of those deployed to",
    hint: "Name one of the app's targets with --build-on (`buildOn` in the API), or deploy to it too.",
    next: ["berth app status APP", "berth deploy --target NAME --build-on NAME"],
  },
  "data.at_risk": {
    status: 409,
    title: "The plan puts data at risk",
    hint: "Do what it says, or apply the plan with --accept-data-risk (`acceptDataRisk` in the API).",
    next: ["berth plan"],
  },
  "deployment.too_many": {
    status: 429,
    title: "Too many deploys are waiting",
    hint: "Wait for some of them to end, or cancel them.",
    next: ["berth jobs list"],
  },
} as const;
