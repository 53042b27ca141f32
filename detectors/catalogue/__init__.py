"""The detectors, one file each; the file name is the id. Shared logic lies in modules with a leading underscore."""
