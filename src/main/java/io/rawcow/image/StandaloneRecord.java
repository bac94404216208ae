package io.rawcow.image;

import io.rawcow.block.BlockException;

/** Records elsewhere, durably, that an image is standalone, after its sidecar says so and before that is removed. */
public interface StandaloneRecord {
    void save() throws BlockException;
}
