package io.rawcow.web;

import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** The page as beans. */
@Configuration(proxyBeanMethods = false)
public class WebConfiguration {

    @Bean
    PageController pageController() {
        return new PageController(PageFiles.load());
    }
}
