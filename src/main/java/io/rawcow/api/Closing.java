package io.rawcow.api;

import io.rawcow.catalog.ProblemCode;
import io.rawcow.catalog.ProblemException;
import jakarta.servlet.DispatcherType;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.springframework.context.SmartLifecycle;
import org.springframework.web.servlet.HandlerInterceptor;

/**
 * The end of the service, as its clients see it. It comes first of all, before the server stops listening: requests are
 * refused with {@code shutting_down}, and threads that wait on behalf of a client are interrupted.
 */
final class Closing implements SmartLifecycle, HandlerInterceptor {
    private final Set<Thread> waiting = ConcurrentHashMap.newKeySet();
    private volatile boolean running;
    private volatile boolean closed;

    /** Until it is closed, the end of the service interrupts a thread. */
    interface Interruptible extends AutoCloseable {
        @Override
        void close();
    }

    /** Lets a thread that waits for something be interrupted by the end. */
    Interruptible interruptible(Thread thread) {
        waiting.add(thread);
        if (closed) {
            thread.interrupt();
        }
        return () -> waiting.remove(thread);
    }

    static ProblemException problem() {
        return new ProblemException(ProblemCode.SHUTTING_DOWN, "the service is stopping")
                .withAction("repeat the request when the service is back");
    }

    @Override
    public boolean preHandle(HttpServletRequest request, HttpServletResponse response, Object handler) {
        if (closed && request.getDispatcherType() == DispatcherType.REQUEST) {
            throw problem();
        }
        return true;
    }

    @Override
    public int getPhase() {
        return DEFAULT_PHASE;
    }

    @Override
    public void start() {
        running = true;
    }

    @Override
    public void stop() {
        closed = true;
        running = false;
        waiting.forEach(Thread::interrupt);
    }

    @Override
    public boolean isRunning() {
        return running;
    }
}
