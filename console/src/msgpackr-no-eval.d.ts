// msgpackr ships this build without types of its own; they are the main entry's.
declare module "msgpackr/index-no-eval" {
  export * from "msgpackr";
}
