package io.rawcow.webhook;

import java.net.http.HttpResponse.BodySubscriber;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow.Subscription;
import org.jspecify.annotations.Nullable;

/** An answer's body, read so that the connection can be used again, unless it is long: then the connection goes. */
final class IgnoredBody implements BodySubscriber<Long> {
    private static final long LONG = 64 << 10;

    private final CompletableFuture<Long> end = new CompletableFuture<>();
    private @Nullable Subscription subscription;
    private long read;

    @Override
    public CompletionStage<Long> getBody() {
        return end;
    }

    @Override
    public void onSubscribe(Subscription made) {
        subscription = made;
        made.request(Long.MAX_VALUE);
    }

    @Override
    public void onNext(List<ByteBuffer> buffers) {
        buffers.forEach(buffer -> read += buffer.remaining());
        if (read > LONG && subscription != null) {
            subscription.cancel();
            end.complete(read);
        }
    }

    @Override
    public void onError(Throwable failure) {
        end.completeExceptionally(failure);
    }

    @Override
    public void onComplete() {
        end.complete(read);
    }
}
